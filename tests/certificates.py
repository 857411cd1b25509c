"""Certificates for tests: an authority of their own, and servers' certificates by it."""

import datetime
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)


class Made:
    """One certificate and its key, as PEM."""

    def __init__(self, certificate: x509.Certificate, key: CertificateIssuerPrivateKeyTypes) -> None:
        self.certificate = certificate
        self.private = key
        self.crt = certificate.public_bytes(Encoding.PEM)
        self.key = self._key(NoEncryption())
        self.pem = self.crt + self.key

    @property
    def serial(self) -> int:
        return self.certificate.serial_number

    def locked_key(self) -> bytes:
        """The key with a pass phrase."""
        return self._key(BestAvailableEncryption(b"secret"))

    def _key(self, encryption: KeySerializationEncryption) -> bytes:
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


class Authority:
    """Whom the tests' clients trust."""

    def __init__(self) -> None:
        self.own = self.make("authority.test", authority=True)

    def make(
        self,
        *names: str,
        begins: datetime.timedelta = -DAY,
        ends: datetime.timedelta = 30 * DAY,
        key: CertificateIssuerPrivateKeyTypes | None = None,
        authority: bool = False,
    ) -> Made:
        """A certificate for these names, by this authority unless it is the authority's own."""
        own = key or ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject if authority else self.own.certificate.subject)
            .public_key(own.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now + begins)
            .not_valid_after(now + ends)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        )
        if authority:
            nothing = dict.fromkeys(
                ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "crl_sign", "encipher_only", "decipher_only"), False
            )  # fmt: skip
            builder = builder.add_extension(x509.KeyUsage(key_cert_sign=True, **nothing), critical=True)
        else:
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.own.private.public_key())
            builder = builder.add_extension(issuer, critical=False)
            alternative = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
            builder = builder.add_extension(alternative, critical=False)
        return Made(builder.sign(own if authority else self.own.private, hashes.SHA256()), own)

    def client(self, *alpn: str) -> ssl.SSLContext:
        """What a client connects with that trusts this authority alone."""
        context = ssl.create_default_context(cadata=self.own.crt.decode())
        if alpn:
            context.set_alpn_protocols(list(alpn))
        return context


def short_key() -> rsa.RSAPrivateKey:
    """One that OpenSSL does not take."""
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - that it is breakable is the point


def put(directory: Path, name: str, contents: bytes) -> None:
    """A file, whole at once."""
    beside = directory / f".{name.replace('/', '~')}.new"
    beside.write_bytes(contents)
    (directory / name).parent.mkdir(exist_ok=True)
    beside.replace(directory / name)
