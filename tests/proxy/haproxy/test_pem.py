"""What makes a certificate that can be served, and what is said of the others."""

import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from proxy.haproxy.pem import LARGEST, BadCertificate, read_certificate
from tests.certificates import DAY, Authority, short_key

AUTHORITY = Authority()
MADE = AUTHORITY.make("a.test", "*.b.test")
OTHER = AUTHORITY.make("other.test")
NOW = datetime.datetime.now(datetime.UTC)


def mistake(chain: bytes, key: bytes | None = None) -> str:
    with pytest.raises(BadCertificate) as caught:
        read_certificate(chain, key)
    return str(caught.value)


def test_chain_and_key_in_one_file_or_two_in_any_order_and_with_anything_between() -> None:
    together = read_certificate(MADE.crt + AUTHORITY.own.crt + MADE.key)
    assert together.names == ("a.test", "*.b.test")
    assert together.pem.count("BEGIN CERTIFICATE") == 2
    assert together.pem.index("CERTIFICATE") < together.pem.index("PRIVATE KEY")
    assert read_certificate(MADE.key + b"\nnotes\r\n\r\n" + MADE.crt + b"more" + AUTHORITY.own.crt) == together
    assert read_certificate(MADE.crt + AUTHORITY.own.crt, MADE.key) == together
    assert read_certificate((MADE.crt + AUTHORITY.own.crt).replace(b"\n", b"\r\n"), MADE.key) == together
    assert "\n\n" not in together.pem


@pytest.mark.parametrize("key", [rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()])
def test_keys_of_all_kinds(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> None:
    assert read_certificate(AUTHORITY.make("a.test", key=key).pem).names == ("a.test",)


def test_each_has_a_digest_of_its_own_and_shows_no_key() -> None:
    one, two = read_certificate(MADE.pem), read_certificate(OTHER.pem)
    assert one.digest == read_certificate(MADE.pem).digest != two.digest
    assert "PRIVATE" not in repr(one)


@pytest.mark.parametrize(
    ("chain", "key", "said"),
    [
        (b"", None, "holds no certificate"),
        (MADE.key, None, "holds no certificate"),
        (MADE.certificate.public_bytes(Encoding.DER), None, "it is DER, not PEM: openssl x509 -inform der"),
        (MADE.crt, None, "has no private key: put it into the same file, or beside it as NAME.key"),
        (MADE.crt, OTHER.crt, "has no private key"),
        (MADE.crt + OTHER.key, None, "does not belong to its key"),
        (MADE.crt, OTHER.key, "does not belong to the key beside it"),
        (AUTHORITY.own.crt + MADE.crt, MADE.key, "has its own certificate at place 2; it has to be the first one"),
        (MADE.pem[:200] + MADE.pem[230:], None, "is damaged: certificate 1 in it cannot be read"),
        (MADE.crt, MADE.key[:60] + MADE.key[70:], "cannot be used: the key beside it is damaged"),
        (MADE.crt, MADE.locked_key(), "cannot be used: the key beside it has a pass phrase; openssl pkey"),
        (MADE.pem + OTHER.key, None, "comes with 2 private keys"),
        (MADE.crt + AUTHORITY.own.crt * 40 + MADE.key, None, f"allowed are {LARGEST}: shorten the chain"),
        (AUTHORITY.make("a.test", key=short_key()).pem, None, "is not taken by OpenSSL: ee key too small"),
    ],
)
def test_what_cannot_be_served_is_told_with_what_to_do(chain: bytes, key: bytes | None, said: str) -> None:
    assert said in mistake(chain, key)
    assert "PRIVATE" not in mistake(chain, key)


def test_one_that_visitors_will_not_trust_is_served_and_doubted() -> None:
    assert read_certificate(MADE.pem).doubt(NOW) == ""
    expired = read_certificate(AUTHORITY.make("a.test", begins=-3 * DAY, ends=-DAY).pem)
    assert f"has expired on {NOW - DAY:%Y-%m-%d}" in expired.doubt(NOW)
    assert "is valid only from" in read_certificate(AUTHORITY.make("a.test", begins=DAY).pem).doubt(NOW)
