"""The messages of the WebSocket load are messages."""

from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

from bench.websocket import CLIENT_FRAME, SERVER_FRAME, SIZE


def read(data: bytes, *, mask: bool) -> Frame:
    reader = StreamReader()
    reader.feed_data(data)
    parsing = Frame.parse(reader.read_exact, mask=mask)
    try:
        next(parsing)
    except StopIteration as stop:
        frame: Frame = stop.value
        return frame
    raise AssertionError("half a frame")


def test_both_sides_send_the_same_text_and_the_client_masks_it() -> None:
    asked, answered = read(CLIENT_FRAME, mask=True), read(SERVER_FRAME, mask=False)
    assert asked == answered == Frame(Opcode.TEXT, b"x" * SIZE)
