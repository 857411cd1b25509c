"""One look whether an app is well in the words of gRPC: grpc.health.v1.Health/Check over HTTP/2 without TLS.

By hand, because the two messages have one field each. See https://github.com/grpc/grpc/blob/master/doc/health-checking.md
"""

import asyncio
import socket
from typing import NamedTuple

import h2.config
import h2.connection
import h2.events
import h2.exceptions

from torpor.words import Address

SERVING = "SERVING"
_STATES = ("UNKNOWN", SERVING, "NOT_SERVING", "SERVICE_UNKNOWN")
_CODES = {"5": "NOT_FOUND", "12": "UNIMPLEMENTED", "14": "UNAVAILABLE", "16": "UNAUTHENTICATED"}
_LONGEST = 64 * 1024
"""Bytes of an answer, all of HTTP/2 included; a usual one has about a hundred."""


_LONGEST_NAME = 8 * 1024
"""Bytes of a service's name, so that the question fits into one frame."""


class _Answer(NamedTuple):
    body: bytes
    code: str
    """Of gRPC, else that of HTTP with a word in front."""


async def check(connection: socket.socket, address: Address, service: str, patience: float) -> str:
    """The service's state over a fresh connection, `SERVING` if all is well, or what was wrong instead, in words.

    The connection is the caller's to close. Patience in seconds.
    """
    try:
        async with asyncio.timeout(patience):
            answer = await _ask(connection, address, service)
    except TimeoutError:
        return f"nothing within {patience:g}s"
    except (h2.exceptions.ProtocolError, UnicodeError):
        return "not HTTP/2"
    except OSError:
        answer = None
    if answer is None:
        return "closed without an answer"
    if answer.code != "0":
        return _CODES.get(answer.code, f"gRPC status {answer.code}"[:40])
    state = _state(answer.body)
    return "not a health check's answer" if state is None else state


async def _ask(connection: socket.socket, address: Address, service: str) -> _Answer | None:
    loop = asyncio.get_running_loop()
    http = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    http.initiate_connection()
    headers = {
        ":method": "POST",
        ":scheme": "http",
        ":path": "/grpc.health.v1.Health/Check",
        ":authority": str(address),
        "content-type": "application/grpc",
        "te": "trailers",
        "user-agent": "Torpor",
    }
    stream = http.get_next_available_stream_id()
    http.send_headers(stream, list(headers.items()))
    http.send_data(stream, _request(service), end_stream=True)
    body, code, seen = b"", "", 0
    while True:
        await loop.sock_sendall(connection, http.data_to_send())
        received = await loop.sock_recv(connection, 4096)
        if not seen and received.startswith(b"HTTP/"):
            raise h2.exceptions.ProtocolError  # h2 would take it for the head of a huge frame, and wait for its end
        seen += len(received)
        if not received or seen > _LONGEST:
            return None
        for event in http.receive_data(received):
            if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                told = {str(name): str(value) for name, value in event.headers}
                http_status = told.get(":status", "200")
                code = told.get("grpc-status", code if http_status == "200" else f"of HTTP {http_status}")
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.StreamEnded):
                return _Answer(body, code)
            elif isinstance(event, h2.events.StreamReset | h2.events.ConnectionTerminated):
                return None


def _request(service: str) -> bytes:
    name = service.encode(errors="replace")[:_LONGEST_NAME]
    message = b"\x0a" + _varint(len(name)) + name if name else b""
    return b"\0" + len(message).to_bytes(4) + message


def _varint(number: int) -> bytes:
    written = bytearray()
    while number > 0x7F:
        written.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*written, number))


def _state(body: bytes) -> str | None:
    """Of a HealthCheckResponse; an empty one says 0, as protobuf leaves out what is 0."""
    if len(body) < 5 or body[0] != 0 or int.from_bytes(body[1:5]) != len(body) - 5:
        return None
    message = body[5:]
    if message and (len(message) != 2 or message[0] != 0x08 or message[1] >= len(_STATES)):
        return None
    return _STATES[message[1] if message else 0]
