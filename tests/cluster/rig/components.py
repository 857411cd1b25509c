"""The programs that make a cluster, each with the command line that runs it here."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.cluster.rig.place import API_PORT, NODE, NODE_ADDRESS, SERVICE_NET, Place

type Command = list[str]


def command(name: str, place: Place) -> Command:
    """What runs it; `name` is one of COMMANDS."""
    return COMMANDS[name](place)


def _etcd(place: Place) -> Command:
    own, peers = "http://127.0.0.1:2379", "http://127.0.0.1:2380"
    return [
        "etcd",
        f"--data-dir={place.data}/etcd",
        f"--listen-client-urls={own}",
        f"--advertise-client-urls={own}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(place: Place) -> Command:
    pki = place.pki
    return [
        "kube-apiserver",
        "--etcd-servers=http://127.0.0.1:2379",
        "--bind-address=0.0.0.0",
        f"--secure-port={API_PORT}",
        f"--advertise-address={NODE_ADDRESS}",
        f"--service-cluster-ip-range={SERVICE_NET}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--client-ca-file={pki}/ca.crt",
        f"--tls-cert-file={pki}/apiserver.crt",
        f"--tls-private-key-file={pki}/apiserver.key",
        f"--kubelet-certificate-authority={pki}/ca.crt",
        f"--kubelet-client-certificate={pki}/apiserver-kubelet-client.crt",
        f"--kubelet-client-key={pki}/apiserver-kubelet-client.key",
        "--kubelet-preferred-address-types=InternalIP",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        f"--service-account-key-file={pki}/accounts.pub",
        f"--service-account-signing-key-file={pki}/accounts.key",
        f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
        f"--proxy-client-key-file={pki}/front-proxy-client.key",
        f"--audit-policy-file={place.settings}/audit.yaml",
        f"--audit-log-path={place.audit}",
        "--profiling=false",
    ]


def _controller_manager(place: Place) -> Command:
    pki = place.pki
    return [
        "kube-controller-manager",
        *_logins(place, "controller-manager"),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={pki}/accounts.key",
        f"--root-ca-file={pki}/ca.crt",
        f"--cluster-signing-cert-file={pki}/ca.crt",
        f"--cluster-signing-key-file={pki}/ca.key",
        f"--service-cluster-ip-range={SERVICE_NET}",
    ]


def _scheduler(place: Place) -> Command:
    return ["kube-scheduler", *_logins(place, "scheduler")]


def _containerd(place: Place) -> Command:
    return ["containerd", "--config", f"{place.settings}/containerd.toml", "--log-level", "info"]


def _kubelet(place: Place) -> Command:
    return [
        "kubelet",
        f"--config={place.settings}/kubelet.yaml",
        f"--kubeconfig={place.settings}/kubelet.kubeconfig",
        f"--hostname-override={NODE}",
        f"--node-ip={NODE_ADDRESS}",
        f"--root-dir={place.data}/kubelet",
        f"--cert-dir={place.data}/kubelet/pki",
        "--v=2",
    ]


def _proxy(place: Place) -> Command:
    return ["kube-proxy", f"--config={place.settings}/proxy.yaml"]


def _dns(place: Place) -> Command:
    return [sys.executable, "-m", "tests.cluster.rig.dns", f"{place.settings}/tests.kubeconfig"]


def _logins(place: Place, name: str) -> Command:
    """What controllers have in common; there is one of each, so that none has to wait to lead."""
    file = f"{place.settings}/{name}.kubeconfig"
    logins = [f"--{part}kubeconfig={file}" for part in ("", "authentication-", "authorization-")]
    return [*logins, "--bind-address=127.0.0.1", "--leader-elect=false", "--profiling=false"]


COMMANDS: dict[str, Callable[[Place], Command]] = {
    "etcd": _etcd,
    "apiserver": _apiserver,
    "controller-manager": _controller_manager,
    "scheduler": _scheduler,
    "containerd": _containerd,
    "kubelet": _kubelet,
    "proxy": _proxy,
    "dns": _dns,
}
ROOT = Path(__file__).parents[3]
"""Where `tests` is imported from."""
