"""The messages of the WebSocket load (RFC 6455): one size, made beforehand."""

SIZE = 64
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

_MASK = b"\x01\x02\x03\x04"
_TEXT = b"x" * SIZE
SERVER_FRAME = bytes([0x81, SIZE]) + _TEXT
CLIENT_FRAME = bytes([0x81, 0x80 | SIZE]) + _MASK + bytes(byte ^ _MASK[i % 4] for i, byte in enumerate(_TEXT))
