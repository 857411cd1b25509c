"""Bodies: piece by piece, and what breaks its own framing is told."""

import pytest
from h11._receivebuffer import ReceiveBuffer
from hypothesis import given
from hypothesis import strategies as st

from addons.layers.bodies import BadBodyError, Chunked, Sized, UntilClose, make_body
from addons.layers.heads import MAX_HEAD


def read(body: Chunked | Sized | UntilClose, *pieces: bytes) -> tuple[bytes, bytes]:
    """What comes out of these pieces, and what is left of them."""
    buf, out = ReceiveBuffer(), b""
    for piece in pieces:
        buf += piece
        out += body.read(buf)
    return out, bytes(buf)


def test_a_sized_body_ends_where_it_says() -> None:
    body = Sized(5)
    assert read(body, b"he", b"llo, and more") == (b"hello", b", and more")
    assert body.done


def test_an_empty_body_is_done_at_once() -> None:
    assert make_body(0).done


def test_a_sized_body_takes_the_short_way_only_within_its_size() -> None:
    body = Sized(5)
    assert body.take(b"hel")
    assert not body.take(b"lo, and more")
    assert body.take(b"lo")
    assert body.done


def test_a_body_until_the_end_ends_there() -> None:
    body = make_body(-1)
    assert isinstance(body, UntilClose)
    assert read(body, b"a", b"b") == (b"ab", b"")
    assert not body.done
    body.end()
    assert body.done


@given(st.lists(st.binary(min_size=1, max_size=50)), st.integers(1, 20))
def test_chunks_are_put_together_however_they_are_cut(chunks: list[bytes], step: int) -> None:
    wire = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\nnext"
    body = Chunked()
    pieces = [wire[at : at + step] for at in range(0, len(wire), step)]
    assert read(body, *pieces) == (b"".join(chunks), b"next")
    assert body.done
    assert not body.trailers


def test_trailers_are_noticed() -> None:
    body = Chunked()
    assert read(body, b"1\r\na\r\n0\r\nX: 1\r\n", b"Y: 2\r\n\r\nnext") == (b"a", b"next")
    assert body.done
    assert body.trailers


@pytest.mark.parametrize(
    "wire",
    [
        b"x\r\n",
        b"-1\r\n",
        b" 1\r\na\r\n",
        b"1\r\nab\r\n",
        b"1\r\na0\r\n\r\n",
        b"0\r\nno trailer\r\n\r\n",
        b"1;" + b"x" * MAX_HEAD,
        b"0\r\nX: " + b"x" * MAX_HEAD,
        b"1" * 30 + b"\r\n",
    ],
)
def test_malformed_chunks_are_told(wire: bytes) -> None:
    with pytest.raises(BadBodyError):
        read(Chunked(), wire)


@pytest.mark.parametrize("body", [Sized(3), Chunked()])
def test_an_end_that_is_too_early_is_told(body: Sized | Chunked) -> None:
    with pytest.raises(BadBodyError, match="broke off"):
        body.end()
