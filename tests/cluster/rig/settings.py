"""The files that a cluster's components read."""

import json
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.programs.fill import Programs
from tests.cluster.rig.certificates import TESTS
from tests.cluster.rig.images import PAUSE
from tests.cluster.rig.place import DOMAIN, NODE, NODE_ADDRESS, NODE_NET, POD_NET, Place

type Tree = dict[str, Any]


def write(place: Place, programs: Programs) -> None:
    """Write them all."""
    for name, content in {
        "audit.yaml": audit(),
        "kubelet.yaml": kubelet(place),
        "proxy.yaml": proxy(place),
    }.items():
        (place.settings / name).write_text(yaml.safe_dump(content))
    (place.settings / "containerd.toml").write_text(containerd(place, programs))
    (place.settings / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    networks = place.settings / "cni"
    networks.mkdir()
    (networks / "10-pods.conflist").write_text(json.dumps(pod_network(place)))


def audit() -> Tree:
    """Who is listened to: all but the cluster's own parts and the tests themselves; with what they write."""
    own = ["kube-controller-manager", "kube-scheduler", "kube-proxy", "apiserver", f"node:{NODE}"]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "None", "users": [TESTS, *(f"system:{name}" for name in own)]},
            {"level": "None", "userGroups": ["system:serviceaccounts:kube-system"]},
            {"level": "Request", "verbs": ["create", "update", "patch", "delete", "deletecollection"]},
            {"level": "Metadata"},
        ],
    }


def kubelet(place: Place) -> Tree:
    """Careful of the machine it is a guest on: it writes no sysctls, sets no OOM scores and makes no iptables rules."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": f"{place.pki}/ca.crt"},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": f"{place.pki}/kubelet-server.crt",
        "tlsPrivateKeyFile": f"{place.pki}/kubelet-server.key",
        "rotateCertificates": False,
        "containerRuntimeEndpoint": f"unix://{place.containerd}",
        "imageServiceEndpoint": f"unix://{place.containerd}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{place.cgroup}",
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "makeIPTablesUtilChains": False,
        "protectKernelDefaults": True,  # look at the values (the warden shows the ones it likes), never set them
        "oomScoreAdj": 0,
        "maxOpenFiles": 20000,  # more takes CAP_SYS_RESOURCE
        "maxPods": 200,
        "podLogsDir": f"{place.data}/pod-logs",
        "volumePluginDir": f"{place.data}/kubelet/plugins",
        "resolvConf": f"{place.settings}/resolv.conf",
        "clusterDNS": [NODE_ADDRESS],
        "clusterDomain": DOMAIN,
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {"memory.available": "50Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
    }


def proxy(place: Place) -> Tree:
    """kube-proxy, with nftables and without conntrack's sysctls."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": f"{place.settings}/proxy.kubeconfig"},
        "mode": "nftables",
        "hostnameOverride": NODE,
        "clusterCIDR": POD_NET,
        "detectLocalMode": "ClusterCIDR",
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"syncPeriod": "30s", "minSyncPeriod": "100ms"},
        "nodePortAddresses": [NODE_NET],
    }


def pod_network(place: Place) -> Tree:
    """A bridge for all pods, on which this machine's part of the network is a neighbour."""
    addresses = {"type": "host-local", "dataDir": f"{place.data}/cni", "ranges": [[{"subnet": POD_NET}]]}
    bridge = {
        "type": "bridge",
        "bridge": "pods0",
        "isGateway": True,
        "isDefaultGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": addresses,
    }
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]}


def containerd(place: Place, programs: Programs) -> str:
    """TOML, of which the standard library has only a reader."""
    return f"""\
version = 3
root = '{place.data}/containerd'
state = '{place.data}/containerd-run'
disabled_plugins = [
  'io.containerd.nri.v1.nri',
  'io.containerd.internal.v1.tracing',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
]

[grpc]
address = '{place.containerd}'

[plugins.'io.containerd.internal.v1.opt']
path = '{place.data}/containerd-opt'

[plugins.'io.containerd.image-verifier.v1.bindir'] # without this plugin no image is imported
bin_dir = '{place.data}/no-verifiers'

[plugins.'io.containerd.cri.v1.images']
snapshotter = 'overlayfs'
pinned_images = {{ sandbox = '{PAUSE}' }}

[plugins.'io.containerd.cri.v1.runtime']
disable_apparmor = true
restrict_oom_score_adj = true # less than the current score takes CAP_SYS_RESOURCE
netns_mounts_under_state_dir = true
enable_cdi = false
cdi_spec_dirs = []
cni = {{ bin_dirs = ['{_plugins(programs)}'], conf_dir = '{place.settings}/cni' }}

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = 'io.containerd.runc.v2'
options = {{ BinaryName = '{_runc(programs)}', Root = '{place.data}/runc', SystemdCgroup = false }}
"""


def _plugins(programs: Programs) -> Path:
    return programs.rolling / "usr/lib/cni"


def _runc(programs: Programs) -> Path:
    return programs.own / "usr/sbin/runc"
