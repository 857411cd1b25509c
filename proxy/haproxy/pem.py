"""Judges a certificate and its key: PEM in, what HAProxy is given out, or in words what is wrong. Keeps no file."""

import hashlib
import os
import re
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

LARGEST = 15_000
"""Bytes of chain and key; HAProxy takes over its runtime socket what fits its buffer of 16 KiB."""

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,40})-----\s.*?-----END \1-----", re.DOTALL)


class BadCertificate(ValueError):  # noqa: N818 - reads as what it is
    """It cannot be served; the message says why and what to do, after the name of the file."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One that can be served."""

    pem: str = field(repr=False)
    """The chain, its own certificate first, then the key; nothing else."""
    names: tuple[str, ...]
    """Whom it is for."""
    begins: datetime
    expires: datetime

    @property
    def digest(self) -> str:
        """Tells it from others; says nothing of the key."""
        return hashlib.blake2b(self.pem.encode(), digest_size=12).hexdigest()

    def doubt(self, now: datetime) -> str:
        """Why visitors will not trust it, by the time that it is; nothing when there is no reason."""
        if self.expires < now:
            return f"has expired on {self.expires:%Y-%m-%d}: visitors are warned of it; renew it"
        if self.begins > now:
            return f"is valid only from {self.begins:%Y-%m-%d %H:%M} UTC on: visitors are warned of it until then"
        return ""


def read_certificate(chain: bytes, key: bytes | None = None) -> Certificate:
    """A certificate from the contents of one file that holds chain and key, or of two. Raises BadCertificate."""
    certificates = [_certificate(block, place) for place, block in enumerate(_blocks(chain, b"CERTIFICATE"), 1)]
    if not certificates:
        der = "it is DER, not PEM: openssl x509 -inform der -in FILE -out NEW.pem converts it"
        raise BadCertificate(der if chain[:1] == b"\x30" else "holds no certificate (-----BEGIN CERTIFICATE-----)")
    where = "the key beside it" if key is not None else "its key"
    secret = _key(chain if key is None else key, where)
    own = certificates[0]
    try:
        fits = [one.public_key() == secret.public_key() for one in certificates]
    except (UnsupportedAlgorithm, ValueError) as error:
        raise BadCertificate(f"has a kind of key that cannot be used: {error}") from None
    if not fits[0]:
        if any(fits):
            raise BadCertificate(f"has its own certificate at place {fits.index(True) + 1}; it has to be the first one")
        raise BadCertificate(f"does not belong to {where}: they were made for different requests; take both from one")
    text = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
    text += secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if len(text) > LARGEST:
        raise BadCertificate(f"has {len(text)} bytes with its chain and key; allowed are {LARGEST}: shorten the chain")
    _let_openssl_see(text)
    return Certificate(text.decode(), _names(own), own.not_valid_before_utc, own.not_valid_after_utc)


def now() -> datetime:
    """The time that certificates are judged by."""
    return datetime.now(UTC)


def _blocks(data: bytes, *kinds: bytes) -> list[bytes]:
    return [found[0] for found in _BLOCK.finditer(data) if found[1] in kinds]


def _certificate(block: bytes, place: int) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block)
    except ValueError as error:
        raise BadCertificate(f"is damaged: certificate {place} in it cannot be read ({_brief(error)})") from None


def _key(data: bytes, where: str) -> PrivateKeyTypes:
    kinds = (b"PRIVATE KEY", b"RSA PRIVATE KEY", b"EC PRIVATE KEY", b"ENCRYPTED PRIVATE KEY")
    blocks = _blocks(data, *kinds)
    if not blocks:
        raise BadCertificate("has no private key: put it into the same file, or beside it as NAME.key")
    if len(blocks) > 1:
        raise BadCertificate(f"comes with {len(blocks)} private keys; leave the one that belongs to it")
    if b"ENCRYPTED" in blocks[0]:
        raise BadCertificate(
            f"cannot be used: {where} has a pass phrase; openssl pkey -in FILE -out NEW.key takes it off"
        )
    try:
        # Its primes are not tested again, which takes long: OpenSSL will see it, and it is the operator's own.
        return load_pem_private_key(blocks[0], None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BadCertificate(f"cannot be used: {where} is damaged ({_brief(error)})") from None


def _let_openssl_see(text: bytes) -> None:
    """What OpenSSL does not take, for example a key that is too short, HAProxy would not take either."""
    fd = os.memfd_create("certificate", os.MFD_CLOEXEC)
    try:
        os.write(fd, text)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(f"/proc/self/fd/{fd}")
    except ssl.SSLError as error:
        reason = (error.reason or str(error)).replace("_", " ").lower()
        raise BadCertificate(f"is not taken by OpenSSL: {reason}") from None
    finally:
        os.close(fd)


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    """The names that HAProxy knows it by: the alternative names, or else the common name."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if names := tuple(found.get_values_for_type(x509.DNSName)):
            return names
    except (x509.ExtensionNotFound, ValueError):
        pass
    return tuple(str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME))


def _brief(error: Exception) -> str:
    return str(error).partition("\n")[0][:120]
