"""HTTP through the engine, as its two sides see it."""

import asyncio

import pytest

from addons.engine import MitmproxyEngine
from proxy.visit import Answer
from tests.addons.doubles import App, Asked, Doorman, Visitor, house, request, until


async def test_a_visit_gets_its_apps_answer_as_the_app_gave_it() -> None:
    async with App() as app, house(app) as here:
        got = await here.get("/x?y=z")
        assert (got.version, got.status, got.reason, got.body) == ("HTTP/1.1", 200, "OK", b"hello")
        assert got.fields == [
            ("content-length", "5"),
            ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("server", "app"),
        ]
        assert (app.asked[0].method, app.asked[0].target, app.asked[0].version) == ("GET", "/x?y=z", "HTTP/1.1")


async def test_the_app_sees_the_host_as_sent_and_who_came() -> None:
    async with App() as app, house(app) as here:
        await here.get("/", "Host: app.localhost:8080", "X-Forwarded-For: 6.6.6.6", "X-Real-IP: 6.6.6.6")
        headers = app.asked[0].headers
        assert headers["host"] == "app.localhost:8080"
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
        assert headers["x-forwarded-host"] == "app.localhost:8080"
        assert headers["forwarded"] == 'for=127.0.0.1;proto=http;host="app.localhost:8080"'
        assert "x-real-ip" not in headers
        assert here.doorman.visits[0].host == "app.localhost"


async def test_a_trusted_proxys_word_is_believed() -> None:
    async with App() as app, house(app, trusted_proxies=("127.0.0.0/8",)) as here:
        await here.get("/", "X-Forwarded-For: 192.0.2.7", "X-Forwarded-Proto: https")
        assert here.doorman.visits[0].client == "192.0.2.7"
        assert app.asked[0].headers["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
        assert app.asked[0].headers["x-forwarded-proto"] == "https"


async def test_many_visits_on_one_connection_use_one_connection_to_the_app() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        for count in range(20):
            assert (await visitor.get(f"/{count}")).body == b"hello"
        assert [asked.target for asked in app.asked] == [f"/{count}" for count in range(20)]
        assert app.connections == 1


async def test_pipelined_requests_are_answered_in_order() -> None:
    async def echo(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(asked.target), asked.target.encode()))

    async with App(echo) as app, house(app) as here:
        here.doorman.answers["/3"] = Answer(503, [], b"/3")
        visitor = await here.visitor()
        visitor.send(b"".join(request("GET", f"/{count}") for count in range(50)))
        assert [(await visitor.answer()).body for _ in range(50)] == [b"/%d" % count for count in range(50)]


async def test_head_has_the_headers_of_a_body_and_none() -> None:
    async with App(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n") as app, house(app) as here:
        visitor = await here.visitor()
        for _ in range(2):
            visitor.send(request("HEAD", "/"))
            got = await visitor.answer(bodiless=True)
            assert got.headers == {"content-length": "12345"}
        assert app.connections == 1


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_answers_that_have_no_body_have_none(status: str) -> None:
    async with App(f"HTTP/1.1 {status}\r\nETag: x\r\n\r\n".encode()) as app, house(app) as here:
        visitor = await here.visitor()
        for _ in range(2):
            got = await visitor.get()
            assert got.headers == {"etag": "x"}


async def test_interim_answers_are_passed_on_and_the_final_one_after_them() -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n"
    async with App(early + b"Content-Length: 2\r\n\r\nok") as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        hints = await visitor.head()
        assert (hints.status, hints.headers) == (103, {"link": "</x>"})
        assert (await visitor.head()).status == 102
        assert (await visitor.answer()).body == b"ok"
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n")
        assert (await visitor.rest()).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_a_body_without_a_length_comes_in_chunks_and_the_connection_stays() -> None:
    async def close(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nall of it")
        writer.close()

    async with App(close) as app, house(app) as here:
        visitor = await here.visitor()
        for _ in range(2):
            got = await visitor.get()
            assert (got.version, got.headers, got.body) == ("HTTP/1.1", {"transfer-encoding": "chunked"}, b"all of it")
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\nConnection: keep-alive\r\n\r\n")
        got = await visitor.answer()
        assert (got.headers, got.body) == ({"connection": "close"}, b"all of it")


async def test_http_1_0_clients_are_kept_only_when_they_ask_for_it() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\nConnection: keep-alive\r\n\r\n")
        assert (await visitor.answer()).headers["connection"] == "keep-alive"
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n")
        assert (await visitor.answer()).headers["connection"] == "close"
        assert await visitor.rest() == b""
        assert [asked.version for asked in app.asked] == ["HTTP/1.1", "HTTP/1.1"]


async def test_chunks_reach_an_http_1_0_client_as_plain_bytes() -> None:
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 1\r\n\r\n"
    async with App(chunks) as app, house(app) as here:
        visitor = await here.visitor()
        got = await visitor.get()
        assert (got.body, got.headers) == (b"abcde", {"transfer-encoding": "chunked"})
        visitor.send(b"GET / HTTP/1.0\r\nHost: app.localhost\r\n\r\n")
        assert (await visitor.rest()).endswith(b"\r\n\r\nabcde")


async def test_a_client_that_wants_to_close_gets_its_way() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        got = await visitor.get("/", "Connection: close")
        assert got.headers["connection"] == "close"
        assert await visitor.rest() == b""
        assert "connection" not in app.asked[0].headers


async def test_an_app_that_closes_does_not_close_the_client() -> None:
    async def close(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\nok")
        writer.close()

    async with App(close) as app, house(app) as here:
        visitor = await here.visitor()
        for _ in range(3):
            assert (await visitor.get()).headers == {"content-length": "2"}
        assert app.connections == 3


async def test_events_of_a_stream_pass_at_once() -> None:
    told = asyncio.Event()

    async def stream(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for count in range(3):
            writer.write(b"9\r\ndata: %d\n\n\r\n" % count)
            await writer.drain()
            await told.wait()
            told.clear()
        writer.write(b"0\r\n\r\n")

    async with App(stream) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/events"))
        await visitor.head()
        for count in range(3):
            assert await visitor.reader.readuntil(b"\n\n\r\n") == b"9\r\ndata: %d\n\n\r\n" % count
            assert here.doorman.in_flight == 1
            told.set()
        assert await visitor.reader.readexactly(5) == b"0\r\n\r\n"
        await until(lambda: here.doorman.in_flight == 0)


async def test_a_body_is_never_sent_on_a_connection_that_was_used_before() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        await visitor.get()
        for _ in range(2):
            visitor.send(request("POST", "/", "Content-Length: 2", body=b"hi"))
            await visitor.answer()
        await visitor.get()
        assert app.connections == 3


async def test_a_request_to_continue_is_the_apps_to_answer() -> None:
    async def consent(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        asked.body = await reader.readexactly(int(asked.headers["content-length"]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with App(consent, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 5", "Expect: 100-continue"))
        assert (await visitor.head()).status == 100
        visitor.send(b"hello")
        assert (await visitor.head()).status == 200
        assert app.asked[0].body == b"hello"


async def test_an_app_that_does_not_know_of_continue_is_helped_out() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 5", "Expect: 100-continue"))
        assert (await visitor.head()).status == 100
        visitor.send(b"hello")
        assert (await visitor.head()).status == 200
        assert app.asked[0].body == b"hello"


async def test_no_continue_when_the_app_says_no_at_once() -> None:
    no = b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    async def refuse(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(no)
        writer.close()

    async with App(refuse, read_body=False) as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 5", "Expect: 100-continue"))
        assert (await visitor.head()).status == 413
        assert await visitor.rest() == b""


async def test_no_continue_for_an_answer_of_torpors_own() -> None:
    async with house() as here:
        here.doorman.answers["/"] = Answer(503, [("Retry-After", "5")], b"asleep")
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 500", "Expect: 100-continue"))
        got = await visitor.answer()
        assert (got.status, got.body, got.headers["connection"]) == (503, b"asleep", "close")
        assert got.headers["retry-after"] == "5"


async def test_torpors_own_answers_keep_the_connection() -> None:
    async with house() as here:
        here.doorman.answers["/"] = Answer(404, [("Content-Type", "text/plain")], b"who?")
        visitor = await here.visitor()
        for _ in range(3):
            got = await visitor.get()
            assert (got.status, got.body, got.headers["content-length"]) == (404, b"who?", "4")
            assert "date" in got.headers
            assert "connection" not in got.headers
        visitor.send(request("HEAD", "/") + request("GET", "/"))
        assert (await visitor.answer(bodiless=True)).headers["content-length"] == "4"
        assert (await visitor.answer()).body == b"who?"


async def test_a_held_answer_says_for_how_long() -> None:
    timed = b"HTTP/1.1 200 OK\r\nServer-Timing: db;dur=1\r\nContent-Length: 0\r\n\r\n"
    async with App(timed) as app, house(app) as here:
        here.doorman.asleep = True
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        await until(lambda: here.doorman.held == 1)
        here.doorman.wake()
        got = await visitor.answer()
        assert [value for name, value in got.fields if name == "server-timing"] == ["db;dur=1", "torpor;dur=250.0"]
        assert "torpor" not in (await visitor.get()).headers["server-timing"]


async def test_nothing_says_mitmproxy() -> None:
    async with App() as app, house(app) as here:
        visitor = await here.visitor()
        visitor.send(b"nonsense\r\n\r\n")
        assert b"mitmproxy" not in (await visitor.rest()).lower()
        await here.get()
        assert not any("mitmproxy" in value.lower() for _, value in app.asked[0].fields)


async def test_an_address_in_use_is_told_at_once() -> None:
    async with MitmproxyEngine(Doorman(), listen=("127.0.0.1", 0)) as first:
        host, port = first.addresses[0]
        second = MitmproxyEngine(Doorman(), listen=(host, port))
        with pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}: Address already in use"):
            await second.__aenter__()


async def test_the_engine_listens_on_ipv6_too() -> None:
    async with App() as app:
        doorman = Doorman(app.address)
        async with MitmproxyEngine(doorman, listen=("::1", 0)) as engine:
            visitor = await Visitor.to(engine)
            assert (await visitor.get()).body == b"hello"
            assert app.asked[0].headers["forwarded"] == 'for="[::1]";proto=http;host=app.localhost'
            assert doorman.visits[0].client == "::1"
            await visitor.leave()
