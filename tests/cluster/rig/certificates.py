"""The keys and certificates of a cluster, made anew for each, and kubeconfigs with them."""

import datetime
import ipaddress
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.cluster.rig.place import API_PORT, API_SERVICE, DOMAIN, NODE, NODE_ADDRESS, Place

ADMIN = "admin"
"""For kubectl and for whoever takes this part; its calls are in the audit log."""
TESTS = "torpor-tests"
"""For the tests' own looking and changing; its calls are not."""
MASTERS = ("system:masters",)
USERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "admin": (ADMIN, MASTERS),
    "tests": (TESTS, MASTERS),
    "controller-manager": ("system:kube-controller-manager", ()),
    "scheduler": ("system:kube-scheduler", ()),
    "kubelet": (f"system:node:{NODE}", ("system:nodes",)),
    "proxy": ("system:kube-proxy", ()),
}
API_NAMES = (
    "localhost",
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    f"kubernetes.default.svc.{DOMAIN}",
)
API_ADDRESSES = ("127.0.0.1", NODE_ADDRESS, API_SERVICE)


class Authority:
    """A certificate authority: made and kept in a directory, or taken from there."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._key_file, self.file = directory / f"{name}.key", directory / f"{name}.crt"
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"torpor-tests-{name}")])
        if self.file.exists():
            key = serialization.load_pem_private_key(self._key_file.read_bytes(), None)
            assert isinstance(key, ec.EllipticCurvePrivateKey)
            self._key = key
        else:
            self._key = new_key(self._key_file)
            self._write(self.file, self._builder(self._name, self._key.public_key(), authority=True))

    def issue(
        self,
        name: str,
        user: str,
        groups: Sequence[str] = (),
        *,
        names: Sequence[str] = (),
        addresses: Sequence[str] = (),
    ) -> tuple[Path, Path]:
        """A certificate and its key, for a client or, with names and addresses, for a server."""
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, user)])
        key_file, file = self._directory / f"{name}.key", self._directory / f"{name}.crt"
        builder = self._builder(subject, new_key(key_file).public_key())
        both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        builder = builder.add_extension(x509.ExtendedKeyUsage(both), critical=False)
        if names or addresses:
            known = [*map(x509.DNSName, names), *(x509.IPAddress(ipaddress.ip_address(each)) for each in addresses)]
            builder = builder.add_extension(x509.SubjectAlternativeName(known), critical=False)
        self._write(file, builder)
        return file, key_file

    def _builder(
        self, subject: x509.Name, public: ec.EllipticCurvePublicKey, *, authority: bool = False
    ) -> x509.CertificateBuilder:
        """With all that RFC 5280 asks for and Python insists on."""
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(issuer_name=self._name, subject_name=subject, public_key=public)
        builder = builder.serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(hours=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=365))
        mine = self._key.public_key()
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        builder = builder.add_extension(_usage(authority=authority), critical=True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        return builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(mine), critical=False)

    def _write(self, file: Path, builder: x509.CertificateBuilder) -> None:
        file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def new_key(file: Path) -> ec.EllipticCurvePrivateKey:
    """A key of its own, readable to its owner only."""
    key = ec.generate_private_key(ec.SECP256R1())
    data = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.touch(0o600)
    file.write_bytes(data)
    return key


def make(place: Place) -> None:
    """All that a cluster needs."""
    authority = Authority(place.pki, "ca")
    authority.issue("apiserver", "kube-apiserver", names=API_NAMES, addresses=API_ADDRESSES)
    authority.issue("apiserver-kubelet-client", "kube-apiserver-kubelet-client", MASTERS)
    authority.issue("kubelet-server", NODE, names=[NODE], addresses=[NODE_ADDRESS, "127.0.0.1"])
    Authority(place.pki, "front-proxy-ca").issue("front-proxy-client", "front-proxy-client")
    accounts = new_key(place.pki / "accounts.key").public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (place.pki / "accounts.pub").write_bytes(accounts.public_bytes(serialization.Encoding.PEM, form))
    for name, (user, groups) in USERS.items():
        kubeconfig(place, name, user, groups)


def kubeconfig(place: Place, name: str, user: str, groups: Sequence[str] = ()) -> Path:
    """A way into the cluster, from its network, as this user."""
    authority = Authority(place.pki, "ca")
    certificate, key = authority.issue(f"user-{name}", user, groups)
    server = {
        "server": f"https://127.0.0.1:{API_PORT}",
        "certificate-authority-data": b64encode(authority.file.read_bytes()).decode(),
    }
    login = {
        "client-certificate-data": b64encode(certificate.read_bytes()).decode(),
        "client-key-data": b64encode(key.read_bytes()).decode(),
    }
    told = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": server}],
        "users": [{"name": user, "user": login}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": user}}],
        "current-context": "tests",
    }
    file = place.settings / f"{name}.kubeconfig"
    file.touch(0o600)
    file.write_text(yaml.safe_dump(told))
    return file
