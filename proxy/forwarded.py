"""Who the visitor is and what the app is told of it: X-Forwarded-* and Forwarded (RFC 7239), for every engine.

A header is believed only when a trusted proxy brought it. One chain is believed: `X-Forwarded-For` where there is
one, else `Forwarded`; both outgoing headers are written from that chain, so that they cannot contradict each other.
Reading it from the right, the first address that is not a trusted proxy's is the client's.
"""

import ipaddress
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

type Fields = Sequence[tuple[bytes, bytes]]

MAX_HOPS = 32
"""Addresses read from an incoming chain; older ones are cut off."""

_OURS = (b"x-forwarded-", b"forwarded", b"x-real-ip")
_ELEMENT = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*")+')
_PAIR = re.compile(r'\s*([A-Za-z-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]*))\s*')
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_KEPT = (b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port", b"x-forwarded-prefix", b"x-real-ip")


class Forwarded(NamedTuple):
    """What is known of where a request comes from."""

    client: str
    """The visitor's IP address: the right-most one that is not a trusted proxy's."""
    headers: list[tuple[bytes, bytes]]
    """All headers for the app: the ones received, without what nobody vouches for, and with ours."""


class Trust:
    """The networks whose word is believed."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Raises ValueError for what is not a network."""
        self._networks = [_network(network) for network in networks]

    @property
    def networks(self) -> list[str]:
        """As an address and the length of its prefix."""
        return [str(network) for network in self._networks]

    def forward(self, peer: str, headers: Fields, host: bytes, proto: bytes = b"http") -> Forwarded:
        """Read the headers of a request that came from `peer` and write those for the app."""
        peer = _plain(peer) or peer
        kept: list[tuple[bytes, bytes]] = []
        told: dict[bytes, list[bytes]] | None = {} if self._networks and self.trusts(peer) else None
        for field in headers:
            # An underscore is a hyphen to every CGI-like app (WSGI, PHP): both spellings are the same header there.
            name = field[0].lower().replace(b"_", b"-")
            if not name.startswith(_OURS):
                kept.append(field)
            elif told is not None:
                told.setdefault(name, []).append(field[1])
        if told is None:
            chain = [peer]
            kept.append((b"X-Forwarded-Proto", proto))
            if host:
                kept.append((b"X-Forwarded-Host", host))
        else:
            chain = [*_chain(told), peer]
            proto, host = _told(told, b"x-forwarded-proto", proto), _told(told, b"x-forwarded-host", host)
            told.setdefault(b"x-forwarded-proto", [proto])
            if host:
                told.setdefault(b"x-forwarded-host", [host])
            kept += [(_title(name), value) for name in _KEPT for value in told.get(name, ())]
        kept.append((b"X-Forwarded-For", ", ".join(chain).encode()))
        kept.append((b"Forwarded", _forwarded(chain, proto, host)))
        return Forwarded(self._client(chain), kept)

    def trusts(self, address: str) -> bool:
        """Whether this address is a trusted proxy's."""
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        return any(known in network for network in self._networks)

    def _client(self, chain: list[str]) -> str:
        client = chain[-1]
        for address in reversed(chain):
            if not _plain(address):
                break  # `unknown` or an obfuscated name: whoever is behind it, the last known hop vouches for it
            client = address
            if not self._networks or not self.trusts(address):
                break
        return client


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    if "%" in text:  # a zone may be any text, and no address that a peer is known by has one
        raise ValueError(f"{text!r} has a zone")
    return ipaddress.ip_network(text)


def _chain(told: dict[bytes, list[bytes]]) -> list[str]:
    if b"x-forwarded-for" in told:
        texts = [text.strip() for text in _join(told[b"x-forwarded-for"]).split(",")]
    else:
        elements = _ELEMENT.findall(_join(told.get(b"forwarded", [])))
        pairs = [{m[1].lower(): m[2] or m[3] for m in _PAIR.finditer(element)} for element in elements]
        texts = [pair.get("for", "unknown") for pair in pairs]
    return [_plain(text) or "unknown" for text in texts if text][-MAX_HOPS:]


@lru_cache(1024)
def _plain(text: str) -> str:
    """The address alone: no port, no brackets, no zone; `""` for what is none."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _forwarded(chain: list[str], proto: bytes, host: bytes) -> bytes:
    """RFC 7239 section 4: an element a hop; only the last is ours, and says what we were asked for."""
    hops = [f'for="[{address}]"' if ":" in address else f"for={address}" for address in chain]
    text = ", ".join(hops).encode() + b";proto=" + _quoted(proto)
    return text + b";host=" + _quoted(host) if host else text


def _quoted(value: bytes) -> bytes:
    """A token as it is, all else as a quoted string (RFC 9110 section 5.6.4)."""
    if _TOKEN.fullmatch(value.decode("latin-1")):
        return value
    return b'"' + value.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def _told(told: dict[bytes, list[bytes]], name: bytes, default: bytes) -> bytes:
    return told[name][0].partition(b",")[0].strip() or default if name in told else default


def _title(name: bytes) -> bytes:
    return b"X-Real-IP" if name == b"x-real-ip" else name.title()


def _join(values: list[bytes]) -> str:
    return b",".join(values).decode("latin-1")
