"""No request reaches an app that the engine has not seen: what two servers could read in two ways is read in one.

Everything here is sent as bytes to an app that forgives nothing. What is `REFUSED` reaches nobody; of `READ_IN_ONE_WAY`
an engine may refuse what it likes, but what it passes on is plain. In both cases the next visitor gets its own answer,
also on a connection to the app that was used before.
"""

import asyncio
import contextlib
from pathlib import Path

import pytest

from tests.engines.street import street
from tests.engines.strict import StrictApp, the_next_visitor_is_served

HOST = b"Host: app.localhost\r\n"
INNER = b"GET /smuggled HTTP/1.1\r\nHost: app.localhost\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"
CHUNKS = b"5\r\nhello\r\n0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked"


def post(*fields: bytes, body: bytes = b"", line: bytes = b"POST / HTTP/1.1") -> bytes:
    return line + b"\r\n" + HOST + b"".join(field + b"\r\n" for field in fields) + b"\r\n" + body


def get(*fields: bytes, line: bytes = b"GET / HTTP/1.1") -> bytes:
    return post(*fields, line=line)


REFUSED_FRAMING = {
    "te twice": post(CHUNKED, b"Transfer-Encoding: identity", body=CHUNKS),
    "te twice, the other way": post(b"Transfer-Encoding: identity", CHUNKED, body=CHUNKS),
    "te x": post(b"Transfer-Encoding: xchunked", body=CHUNKS),
    "te identity last": post(b"Transfer-Encoding: chunked, identity", body=CHUNKS),
    "te chunked twice": post(b"Transfer-Encoding: chunked, chunked", body=CHUNKS),
    "te gzip": post(b"Transfer-Encoding: gzip, chunked", body=CHUNKS),
    "te comma before": post(b"Transfer-Encoding: ,chunked", body=CHUNKS),
    "te comma after": post(b"Transfer-Encoding: chunked,", body=CHUNKS),
    "te blank before the colon": post(b"Transfer-Encoding : chunked", body=CHUNKS),
    "te vertical tab": post(b"Transfer-Encoding: \x0bchunked", body=CHUNKS),
    "te form feed": post(b"Transfer-Encoding: chunked\x0c", body=CHUNKS),
    "te carriage return": post(b"Transfer-Encoding: chunked\r", body=CHUNKS),
    "te quoted": post(b'Transfer-Encoding: "chunked"', body=CHUNKS),
    "te with a parameter": post(b"Transfer-Encoding: chunked;a=b", body=CHUNKS),
    "te empty": post(b"Transfer-Encoding:", body=CHUNKS),
    "te empty, then chunked": post(b"Transfer-Encoding:", CHUNKED, body=CHUNKS),
    "te chunked, then empty": post(CHUNKED, b"Transfer-Encoding: ", body=CHUNKS),
    "te chunked in two headers": post(CHUNKED, CHUNKED, body=CHUNKS),
    "te of commas": post(b"Transfer-Encoding: ,,", CHUNKED, body=CHUNKS),
    "length and an empty one": post(b"Content-Length: 5", b"Content-Length:", body=b"hello"),
    "an empty length and one": post(b"Content-Length: ", b"Content-Length: 5", body=b"hello"),
    "length and a comma": post(b"Content-Length: 5,", body=b"hello"),
    "te empty and length": post(b"Transfer-Encoding:", b"Content-Length: 5", body=b"hello"),
    "te identity and length": post(b"Transfer-Encoding: identity", b"Content-Length: 5", body=b"hello"),
    "te with a nul": post(b"Transfer-Encoding: chunked\0", body=CHUNKS),
    "te behind a nul": post(b"\0Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "te in http 1.0": post(CHUNKED, body=CHUNKS, line=b"POST / HTTP/1.0"),
    "te and length in http 1.0": post(CHUNKED, b"Content-Length: 5", body=b"0\r\n\r\n", line=b"POST / HTTP/1.0"),
    "two lengths": post(b"Content-Length: 5", b"Content-Length: 6", body=b"hello"),
    "list of lengths": post(b"Content-Length: 5, 6", body=b"hello"),
    "length with a plus": post(b"Content-Length: +5", body=b"hello"),
    "length with a minus": post(b"Content-Length: -5", body=b"hello"),
    "length of minus nothing": post(b"Content-Length: -0"),
    "hexadecimal length": post(b"Content-Length: 0x5", body=b"hello"),
    "octal length": post(b"Content-Length: 010", body=b"12345678"),
    "length with a blank": post(b"Content-Length: 5 5", body=b"hello"),
    "length with an underscore": post(b"Content-Length: 1_0", body=b"0123456789"),
    "empty length": post(b"Content-Length:"),
    "folded length": post(b"Content-Length: 5\r\n 0", body=b"hello"),
    "length of 2**64 + 1": post(b"Content-Length: 18446744073709551617", body=b"h" + INNER),
    "length of 2**63": post(b"Content-Length: 9223372036854775808", body=b"h"),
    "very long length": post(b"Content-Length: 99999999999999999999999", body=b"h"),
    "length with a fraction": post(b"Content-Length: 5.0", body=b"hello"),
    "length with a vertical tab": post(b"Content-Length: \x0b5", body=b"hello"),
    "length with a blank before the colon": post(b"Content-Length : 5", body=b"hello"),
    "length in other digits": post(b"Content-Length: \xd9\xa5", body=b"hello"),
}

REFUSED_HEADS = {
    "carriage return in a value": get(b"X: a\rTransfer-Encoding: chunked"),
    "carriage returns at a line's end": get(b"X: y\r\rfoo: bar"),
    "carriage return in a name": get(b"X\rY: a"),
    "nul in a value": get(b"X: a\0b"),
    "nul in a name": get(b"X\0Y: a"),
    "control character in a value": get(b"X: a\x01b"),
    "delete in a value": get(b"X: a\x7fb"),
    "vertical tab in a value": get(b"X: a\x0bb"),
    "letter beyond ascii in a name": get(b"X\xe4: b"),
    "blank in a name": get(b"X Y: b"),
    "empty name": get(b": b"),
    "blank before the first header": b"GET / HTTP/1.1\r\n X: y\r\n" + HOST + b"\r\n",
    "folded host": b"GET / HTTP/1.1\r\nHost: app.\r\n localhost\r\n\r\n",
    "no colon": get(b"nonsense"),
    "blanks in the target": get(line=b"GET /a b HTTP/1.1"),
    "two versions": get(line=b"GET / HTTP/1.1 HTTP/1.1"),
    "blank after the version": get(line=b"GET / HTTP/1.1 "),
    "blank before the method": get(line=b" GET / HTTP/1.1"),
    "vertical tab in the target": get(line=b"GET /\x0bx HTTP/1.1"),
    "nul in the target": get(line=b"GET /\0x HTTP/1.1"),
    "control character in the target": get(line=b"GET /\x01 HTTP/1.1"),
    "delete in the target": get(line=b"GET /\x7f HTTP/1.1"),
    "fragment in the target": get(line=b"GET /x#/../y HTTP/1.1"),
    "no version": get(line=b"GET /"),
    "http 0.9": b"GET /\r\n\r\n",
    "http 1.01": get(line=b"GET / HTTP/1.01"),
    "http 1.10": get(line=b"GET / HTTP/1.10"),
    "http 01.1": get(line=b"GET / HTTP/01.1"),
    "http 1.2": get(line=b"GET / HTTP/1.2"),
    "http 2.0": get(line=b"GET / HTTP/2.0"),
    "http +1.1": get(line=b"GET / HTTP/+1.1"),
    "http in other case": get(line=b"GET / hTTP/1.1"),
    "bracket in the method": get(line=b"GE(T / HTTP/1.1"),
    "colon in the method": get(line=b"X: / HTTP/1.1"),
    "relative target": get(line=b"GET x HTTP/1.1"),
    "the server itself": get(line=b"OPTIONS * HTTP/1.1"),
    "get of the server itself": get(line=b"GET * HTTP/1.1"),
    "user in the target": get(line=b"GET @evil/ HTTP/1.1"),
    "authority as the target": get(line=b"GET app.localhost:80 HTTP/1.1"),
    "another scheme": get(line=b"GET ws://app.localhost/abs HTTP/1.1"),
    "a file": get(line=b"GET file:///etc/passwd HTTP/1.1"),
    "another scheme that begins alike": get(line=b"GET httpx://app.localhost/ HTTP/1.1"),
    "connect": get(line=b"CONNECT app.localhost:80 HTTP/1.1"),
    "connect to a path": get(line=b"CONNECT / HTTP/1.1"),
    "trace": get(line=b"TRACE / HTTP/1.1"),
    "preface in an envelope": get(line=b"PRI * HTTP/1.1"),
    "proxy protocol": b"PROXY TCP4 6.6.6.6 127.0.0.1 1 2\r\n" + get(),
    "upgrade behind a vertical tab": get(b"Connection: Upgrade", b"Upgrade:\x0bh2c"),
}

REFUSED_BODIES = {
    "chunk 0x": post(CHUNKED, body=b"0x5\r\nhello\r\n0\r\n\r\n"),
    "chunk with a plus": post(CHUNKED, body=b"+5\r\nhello\r\n0\r\n\r\n"),
    "chunk with a minus": post(CHUNKED, body=b"-5\r\nhello\r\n0\r\n\r\n"),
    "chunk behind a blank": post(CHUNKED, body=b" 5\r\nhello\r\n0\r\n\r\n"),
    "chunk without a size": post(CHUNKED, body=b"\r\nhello\r\n0\r\n\r\n"),
    "chunk that is too long": post(CHUNKED, body=b"5\r\nhelloXX0\r\n\r\n"),
    "chunk and a carriage return": post(CHUNKED, body=b"5\rXhello\r\n0\r\n\r\n"),
    "chunk extension over two lines": post(CHUNKED, body=b'5;a="\nX"\r\nhello\r\n0\r\n\r\n'),
    "chunk extension and a line feed": post(CHUNKED, body=b"2;\nxx\r\n%x\r\n0\r\n\r\n" % len(INNER) + INNER),
    "trailer without a colon": post(CHUNKED, body=b"0\r\nnonsense\r\n\r\n"),
}

READ_IN_ONE_WAY = {
    "cl.te": post(b"Content-Length: %d" % (5 + len(INNER)), CHUNKED, body=b"0\r\n\r\n" + INNER),
    "te.cl": post(b"Content-Length: 4", CHUNKED, body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER)),
    "te and a tab": post(b"Transfer-Encoding:\tchunked", body=CHUNKS),
    "te in capitals": post(b"tRANSFER-ENCODING: CHUNKED", body=CHUNKS),
    "te folded": post(b"Transfer-Encoding:\r\n chunked", body=CHUNKS),
    "te with an underscore": post(b"Transfer_Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "length with an underscore in its name": post(b"Content_Length: 500", b"Content-Length: 5", body=b"hello"),
    "get with chunks": post(CHUNKED, body=CHUNKS, line=b"GET / HTTP/1.1"),
    "get with a length": post(b"Content-Length: 5", body=b"hello", line=b"GET / HTTP/1.1"),
    "delete with a length": post(b"Content-Length: %d" % len(INNER), body=INNER, line=b"DELETE / HTTP/1.1"),
    "the same length twice": post(b"Content-Length: 5", b"Content-Length: 5", body=b"hello"),
    "the same length in a list": post(b"Content-Length: 5, 5", body=b"hello"),
    "chunk extension": post(CHUNKED, body=b"5;a=b\r\nhello\r\n0\r\n\r\n"),
    "chunk and a blank": post(CHUNKED, body=b"5 \r\nhello\r\n0\r\n\r\n"),
    "chunk with many zeros": post(CHUNKED, body=b"0000000000000000005\r\nhello\r\n0\r\n\r\n"),
    "trailers with carriage returns in a name": post(
        CHUNKED, body=b"0\r\na\r\rGET /smuggled HTTP/1.1\rHost: app.localhost\r\n\r\n"
    ),
    "trailers": post(CHUNKED, body=b"0\r\nHost: evil\r\nContent-Length: 5\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"),
    "line feed in the head": post(b"X: a\nTransfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "line feeds only": b"GET / HTTP/1.1\nHost: app.localhost\n\n",
    "letters beyond ascii": get(b"X: a\xe4b\xff"),
    "folded header": get(b"X: a", b" b", b"\tTransfer-Encoding: chunked"),
    "two blanks": get(line=b"GET  / HTTP/1.1"),
    "tabs for blanks": get(line=b"GET\t/\tHTTP/1.1"),
    "letters beyond ascii in the target": get(line=b"GET /\xe4\xff HTTP/1.1"),
    "odd characters in the target": get(line=b'GET /x"<>\\^`{|} HTTP/1.1'),
    "two slashes": get(line=b"GET //evil/x HTTP/1.1"),
    "absolute target": get(line=b"GET http://app.localhost/abs HTTP/1.1"),
    "absolute target without a path": get(line=b"GET http://app.localhost HTTP/1.1"),
    "absolute target with a user": get(line=b"GET http://x:y@app.localhost/ HTTP/1.1"),
    "empty lines first": b"\r\n\r\n" + get(),
    "the end of the connection": get(b"Connection: close") + INNER,
    "continue, oddly": post(b"Expect: y 100-continue", b"Content-Length: 5", body=b"hello"),
    "framing named as meant for one hop": post(
        b"Connection: Content-Length, Host", b"Content-Length: 5", body=b"hello"
    ),
    "chunks named as meant for one hop": post(b"Connection: Transfer-Encoding", CHUNKED, body=CHUNKS),
    "an upgrade that the app declines": get(b"Connection: Upgrade", b"Upgrade: odd/1"),
    "an upgrade with a body": post(b"Connection: Upgrade", b"Upgrade: odd/1", b"Content-Length: 5", body=b"hello"),
    "an upgrade to http 2": get(b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABk"),
}
"""One request, which the app reads as the engine did, or a refusal."""

TABLES = {"framing": REFUSED_FRAMING, "heads": REFUSED_HEADS, "bodies": REFUSED_BODIES}


@pytest.mark.parametrize("table", TABLES)
async def test_what_could_be_read_in_two_ways_is_refused(engine: str, state: Path, table: str) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)
        for name, sent in TABLES[table].items():
            app.forget()
            visitor = await here.visitor()
            visitor.send(sent)
            got = await visitor.answer(bodiless=True)
            assert got.status in (400, 405, 422, 501, 505), (name, got.status, app.doubts)
            assert not app.read, name
            assert table == "bodies" or not app.doubts, (name, app.doubts)
            await visitor.leave()
            await the_next_visitor_is_served(here, name)


async def test_what_is_passed_on_can_be_read_in_one_way_only(engine: str, state: Path) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)
        for name, sent in READ_IN_ONE_WAY.items():
            app.forget()
            visitor = await here.visitor()
            visitor.send(sent)
            got = await visitor.answer()
            assert got.status in (200, 400, 404, 405), (name, got.status, app.doubts)
            assert len(app.read) == (got.status == 200), name
            assert not app.doubts, name
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                assert (await visitor.get("/sentinel")).body == b"app /sentinel", name
            await visitor.leave()
            await the_next_visitor_is_served(here, name)
            assert not app.doubts, name
