"""What comes over HTTP/2 is one request to an app that speaks HTTP/1: no framing and no line end gets through."""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import h2.events
import pytest

from tests.engines.http2 import answer, head, speak
from tests.engines.street import Street, street
from tests.engines.strict import StrictApp, the_next_visitor_is_served

INNER = b"GET /smuggled HTTP/1.1\r\nHost: app.localhost\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n"


def fields(*more: tuple[str, str], **pseudo: str | None) -> list[tuple[str, str]]:
    """A request's head with pseudo-headers replaced, or taken out by None."""
    usual = {name.removeprefix(":"): value for name, value in head("POST")} | pseudo
    return [(f":{name}", value) for name, value in usual.items() if value is not None] + list(more)


REFUSED_IN_HTTP_2 = {
    "transfer-encoding": fields(("transfer-encoding", "chunked")),
    "length of nothing": fields(("content-length", "0")),
    "length too short": fields(("content-length", "5")),
    "length too long": fields(("content-length", "500")),
    "two lengths": fields(("content-length", "5"), ("content-length", "6")),
    "length of 2**64 and some": fields(("content-length", "18446744073709551700")),
    "octal length": fields(("content-length", "084")),
    "length with a plus": fields(("content-length", "+84")),
    "line in a value": fields(("x", "a\r\nTransfer-Encoding: chunked")),
    "line feed in a value": fields(("x", "a\nTransfer-Encoding: chunked")),
    "carriage return in a value": fields(("x", "a\rb")),
    "nul in a value": fields(("x", "a\0b")),
    "control character in a value": fields(("x", "a\x01b")),
    "line in a name": fields(("x: y\r\nz", "b")),
    "colon in a name": fields(("x:y", "b")),
    "blank in a name": fields(("x y", "b")),
    "capital in a name": fields(("X", "b")),
    "transfer-encoding in capitals": fields(("Transfer-Encoding", "chunked")),
    "no name": fields(("", "b")),
    "connection": fields(("connection", "close, x-forwarded-for")),
    "upgrade": fields(("connection", "upgrade"), ("upgrade", "h2c")),
    "keep-alive": fields(("keep-alive", "1")),
    "te": fields(("te", "gzip")),
    "no host": fields(authority=None),
    "an empty host": fields(authority=""),
    "a host with a user": fields(authority="x@app.localhost"),
    "a host with a path": fields(authority="app.localhost/x"),
    "a host with a line": fields(authority="app.localhost\r\nx: y"),
    "a host with a blank": fields(authority="app.localhost x"),
    "path with a blank": fields(path="/a b"),
    "path with a version": fields(path="/ HTTP/1.1\r\nX: y"),
    "path with a tab": fields(path="/\tx"),
    "path with a nul": fields(path="/\0x"),
    "path with a delete": fields(path="/\x7fx"),
    "path with a fragment": fields(path="/#x"),
    "empty path": fields(path=""),
    "no path": fields(path=None),
    "relative path": fields(path="x"),
    "absolute path": fields(path="http://other.localhost/x"),
    "path with a user": fields(path="@evil/"),
    "two paths": fields((":path", "/smuggled")),
    "the server itself": fields(method="OPTIONS", path="*"),
    "method with a target": fields(method="GET /smuggled HTTP/1.1"),
    "method with a line": fields(method="GET / HTTP/1.1\r\nX: y\r\n"),
    "method with a bracket": fields(method="G(T"),
    "empty method": fields(method=""),
    "two methods": fields((":method", "GET")),
    "trace": fields(method="TRACE"),
    "connect": fields(method="CONNECT"),
    "connect as it should be": fields(method="CONNECT", authority="app.localhost:80", path=None, scheme=None),
    "protocol with a line": fields(method="CONNECT", protocol="x\r\ny: z"),
    "another scheme": fields(scheme="ftp"),
    "scheme with a line": fields(scheme="http://x/ HTTP/1.1\r\nX: y"),
    "scheme with an authority": fields(scheme="http://evil/?"),
    "no scheme": fields(scheme=None),
    "an unknown pseudo-header": fields((":x", "y")),
    "a status": fields((":status", "200")),
    "pseudo-headers last": [("x", "y"), *fields()],
}

MAY_BEGIN = ("length of nothing", "length too short", "length too long")
"""Only the body shows that these are wrong, and an app may have got their head by then; but no more than that."""

READ_IN_ONE_WAY_IN_HTTP_2 = {
    "no length": fields(),
    "its length": fields(("content-length", str(len(INNER)))),
    "its length twice": fields(("content-length", str(len(INNER))), ("content-length", str(len(INNER)))),
    "get with a body": fields(method="GET"),
    "te trailers": fields(("te", "trailers")),
    "lies about who it is": fields(("x-forwarded-for", "6.6.6.6"), ("x_forwarded_for", "6.6.6.6")),
    "cookies": fields(("cookie", "a=b"), ("cookie", "c=d")),
    "blanks around a value": fields(("x", " b ")),
    "continue": fields(("expect", "100-continue")),
}


@pytest.mark.needs("h2c")
async def test_what_http_2_could_say_twice_over_is_refused(engine: str, state: Path) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)
        for name, sent in REFUSED_IN_HTTP_2.items():
            app.forget()
            status = await ask_in_http_2(here, sent)
            await the_next_visitor_is_served(here, name)
            seen = [read.target for read in app.read if read.target not in ("/one", "/two")]
            if name in MAY_BEGIN:
                assert seen in ([], ["/"]), name
            else:
                assert (seen, status == "200") == ([], False), name
            assert not app.doubts, name


@pytest.mark.needs("h2c")
async def test_what_comes_over_http_2_is_one_request_to_an_http_1_app(engine: str, state: Path) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)
        for name, sent in READ_IN_ONE_WAY_IN_HTTP_2.items():
            app.forget()
            assert await ask_in_http_2(here, sent) == "200", (name, app.doubts)
            assert [(read.target, read.body) for read in app.read] == [("/", INNER)], name
            assert not app.doubts, name
            await the_next_visitor_is_served(here, name)


async def ask_in_http_2(here: Street, sent: Mapping[str, str] | list[tuple[str, str]]) -> str:
    """The status of the answer, or how it failed."""
    async with speak(here) as talk:
        talk.h2.config.validate_outbound_headers = False
        talk.h2.config.normalize_outbound_headers = False
        stream = talk.ask(list(sent))
        talk.say(stream, INNER, end=True)
        try:
            headers, _ = await answer(talk, stream)
        except ConnectionError as error:
            return str(error)
    return headers[":status"]


@pytest.mark.needs("h2c")
async def test_trailers_of_http_2_carry_no_framing_and_no_host(engine: str, state: Path) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)
        for name in ("host", "content-length", "transfer-encoding", "connection"):
            async with speak(here) as talk:
                talk.h2.config.validate_outbound_headers = False
                talk.h2.config.normalize_outbound_headers = False
                stream = talk.ask(fields())
                talk.say(stream, b"hello")
                talk.h2.send_headers(stream, [(name, "5")], end_stream=True)
                talk.flush()
                with contextlib.suppress(ConnectionError):
                    await talk.hear(stream, h2.events.ResponseReceived)
            await the_next_visitor_is_served(here, name)
            assert not app.doubts, name
