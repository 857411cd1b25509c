"""The server's side of a WebSocket that sends back what it gets (RFC 6455): as little as loads at once."""

import asyncio
import base64
import hashlib

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CLOSE, PING, PONG = 0x8, 0x9, 0xA


async def echo(key: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """From the client's handshake, whose `Sec-WebSocket-Key` this is, to its close."""
    accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()  # noqa: S324 - as the protocol has it
    head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"]
    writer.write("\r\n".join([*head, f"Sec-WebSocket-Accept: {accept}", "", ""]).encode())
    opcode = PING
    while opcode != CLOSE:
        first, payload = await frame(reader)
        opcode = first & 0x0F
        if opcode == PING:
            first = 0x80 | PONG
        if opcode != PONG:
            writer.write(bytes([first]) + length(len(payload)) + payload)
            await writer.drain()


async def frame(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """A frame's first byte, and what it carries."""
    first, second = await reader.readexactly(2)
    size = second & 0x7F
    if size == 126:
        size = int.from_bytes(await reader.readexactly(2))
    elif size == 127:
        size = int.from_bytes(await reader.readexactly(8))
    mask = await reader.readexactly(4)
    masked = await reader.readexactly(size)
    whole = (mask * (size // 4 + 1))[:size]
    return first, (int.from_bytes(masked) ^ int.from_bytes(whole)).to_bytes(size)


def length(size: int) -> bytes:
    """A length as a server's frame has it."""
    if size < 126:
        return bytes([size])
    return b"\x7e" + size.to_bytes(2) if size < 65536 else b"\x7f" + size.to_bytes(8)
