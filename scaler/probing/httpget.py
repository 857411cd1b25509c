"""One look whether an app answers well: a GET by hand.

By hand rather than with an HTTP client: 50 probes a second for each app that starts have to be cheap, need one line of
the answer, and must never reuse a connection.
"""

import asyncio
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping

from torpor.words import Address

_LONGEST_ANSWER = 4_096
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})\b")
_OWN = {"User-Agent": "Torpor", "Accept": "*/*"}
_LATIN = re.compile(r"[\x20-\x7e\xa0-\xff]*")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def unchecked() -> ssl.SSLContext:
    """TLS with anybody: a pod's certificate names its Service at best, never its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def question(address: Address, path: str, headers: Mapping[str, str] | None = None) -> bytes:
    """The bytes of a GET. A header that cannot be sent is left out; the path has to be fit for a request line."""
    lines = {"host": ("Host", str(address))} | {name.lower(): (name, value) for name, value in _OWN.items()}
    for name, value in (headers or {}).items():
        if _TOKEN.fullmatch(name) and _LATIN.fullmatch(value):
            lines[name.lower()] = (name, value)
    lines["connection"] = ("Connection", "close")
    text = "".join(f"{name}: {value}\r\n" for name, value in lines.values())
    return f"GET {path} HTTP/1.1\r\n{text}\r\n".encode("latin-1")


async def get(
    connection: socket.socket, request: bytes, patience: float, tls: ssl.SSLContext | None = None
) -> int | str:
    """The status that a fresh connection gives for a question, or what was wrong instead, in words.

    The connection is the caller's to close, with TLS too.
    """
    try:
        async with asyncio.timeout(patience):
            line = await (_plain(connection, request) if tls is None else _encrypted(connection, request, tls))
    except TimeoutError:
        return f"nothing within {patience:g}s"
    except ssl.SSLError as error:
        return f"no TLS: {(error.reason or 'handshake failed').lower().replace('_', ' ')}"
    except OSError:
        line = b""
    if not line:
        return "closed without a word"
    status = _STATUS.match(line)
    return int(status[1]) if status else "not HTTP"


async def _plain(connection: socket.socket, request: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, request)
    return await _first_line(lambda: loop.sock_recv(connection, _LONGEST_ANSWER))


async def _encrypted(connection: socket.socket, request: bytes, tls: ssl.SSLContext) -> bytes:
    # The transport closes what it is given, even when it is never made.
    reader, writer = await asyncio.open_connection(sock=connection.dup(), ssl=tls, server_hostname="")
    try:
        writer.write(request)
        return await _first_line(lambda: reader.read(_LONGEST_ANSWER))
    finally:
        writer.transport.abort()


async def _first_line(receive: Callable[[], Awaitable[bytes]]) -> bytes:
    """What came up to the first line's end, or something that is not HTTP."""
    answer = b""
    while b"\n" not in answer and len(answer) < _LONGEST_ANSWER:
        more = await receive()
        if not more:
            return b"?" if answer else b""
        answer += more
    return answer
