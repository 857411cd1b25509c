"""Visits to apps that are awake, as both sides see them."""

import asyncio
from functools import partial
from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from tests.engines.street import patiently, street
from tests.wire import App, Asked, request
from torpor.words import Phase


async def test_a_visit_gets_its_apps_answer_as_the_app_gave_it(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        got = await here.get("/x?y=z")
        assert (got.version, got.status, got.reason, got.body) == ("HTTP/1.1", 200, "OK", b"hello")
        assert sorted(got.fields) == [
            ("content-length", "5"),
            ("date", "Thu, 01 Jan 1970 00:00:00 GMT"),
            ("server", "app"),
        ]
        assert (app.asked[0].method, app.asked[0].target, app.asked[0].version) == ("GET", "/x?y=z", "HTTP/1.1")


async def test_the_app_sees_the_host_as_sent_and_who_came(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        lies = ("X-Forwarded-For", "X_Forwarded_For", "X-Forwarded-Port", "X-Real-IP", "x_real_ip", "Forwarded")
        await here.get("/", "Host: App.localhost:8080", *(f"{name}: 6.6.6.6" for name in lies))
        headers = app.asked[0].headers
        assert headers["host"] == "App.localhost:8080"
        assert headers["x-forwarded-for"] == "127.0.0.1"
        assert headers["x-forwarded-proto"] == "http"
        assert headers["x-forwarded-host"] == "App.localhost:8080"
        assert headers["forwarded"] == 'for=127.0.0.1;proto=http;host="App.localhost:8080"'
        assert "6.6.6.6" not in str(app.asked[0].fields)


@pytest.mark.parametrize(
    ("told", "chain"),
    [
        (("X-Forwarded-For: 192.0.2.7", "Forwarded: for=6.6.6.6"), "192.0.2.7, 127.0.0.1"),
        (("X-Forwarded-For: 192.0.2.7:123", "X-Forwarded-For: [2001:db8::1]:4, rubbish"),
         "192.0.2.7, 2001:db8::1, unknown, 127.0.0.1"),
        (('Forwarded: for="[2001:db8::1]:4";proto=https, For=192.0.2.7',), "2001:db8::1, 192.0.2.7, 127.0.0.1"),
        ((), "127.0.0.1"),
    ],
)  # fmt: skip
async def test_a_trusted_proxys_word_is_believed(engine: str, state: Path, told: tuple[str, ...], chain: str) -> None:
    async with App() as app, street(engine, state, trusted_proxies=("127.0.0.0/8",)) as here:
        await here.awake(app)
        await here.get("/", *told, "X-Forwarded-Proto: https", "X_Real_IP: 192.0.2.9")
        headers = app.asked[0].headers
        assert headers["x-forwarded-for"] == chain
        assert headers["x-forwarded-proto"] == "https"
        assert headers["x-forwarded-host"] == "app.localhost"
        assert headers["x-real-ip"] == "192.0.2.9"
        hops = [f'for="[{hop}]"' if ":" in hop else f"for={hop}" for hop in chain.split(", ")]
        assert headers["forwarded"] == ", ".join(hops) + ";proto=https;host=app.localhost"


async def test_headers_of_one_hop_stay_there(engine: str, state: Path) -> None:
    hops = b"Connection: keep-alive, X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\n"
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + hops + b"\r\nok"
    async with App(answer) as app, street(engine, state) as here:
        await here.awake(app)
        fields = ("Connection: keep-alive, X-Hop", "X-Hop: 1", "Keep-Alive: 5", "Proxy-Authorization: x", "Proxy: y")
        got = await here.get("/", *fields, "Upgrade: h2c", "HTTP2-Settings: AA", "TE: gzip")
        assert got.headers == {"content-length": "2"}
        seen = app.asked[0].headers
        for name in (*(field.partition(":")[0].lower() for field in fields), "upgrade", "http2-settings", "te"):
            assert name not in seen, seen


async def test_many_visits_on_one_connection(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        for count in range(20):
            assert (await visitor.get(f"/{count}")).body == b"hello"
        assert [asked.target for asked in app.asked] == [f"/{count}" for count in range(20)]
        assert app.connections <= 2


async def test_pipelined_requests_are_answered_in_order(engine: str, state: Path) -> None:
    async def echo(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(asked.target), asked.target.encode()))

    async with App(echo) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(b"".join(request("GET", f"/{count}") for count in range(50)))
        assert [(await visitor.answer()).body for _ in range(50)] == [b"/%d" % count for count in range(50)]


async def test_visits_of_one_connection_may_go_to_several_apps(engine: str, state: Path) -> None:
    other_answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother"
    async with App() as app, App(other_answer) as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")
        visitor = await here.visitor()
        for _ in range(3):
            assert (await visitor.get()).body == b"hello"
            assert (await visitor.get("/", "Host: other.localhost")).body == b"other"
        assert {asked.headers["host"] for asked in app.asked} == {"app.localhost"}
        assert {asked.headers["host"] for asked in other.asked} == {"other.localhost"}


async def test_head_has_the_headers_of_a_body_and_none(engine: str, state: Path) -> None:
    async with App(b"HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n") as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        for _ in range(2):
            visitor.send(request("HEAD", "/"))
            assert (await visitor.answer(bodiless=True)).headers == {"content-length": "12345"}


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_answers_that_have_no_body_have_none(engine: str, state: Path, status: str) -> None:
    async with App(f"HTTP/1.1 {status}\r\nETag: x\r\n\r\n".encode()) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        for _ in range(2):
            assert (await visitor.get()).headers == {"etag": "x"}


async def test_interim_answers_are_passed_on_and_the_final_one_after_them(engine: str, state: Path) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    async with App(early) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("GET", "/"))
        hints = await visitor.head()
        assert (hints.status, hints.headers) == (103, {"link": "</x>"})
        assert (await visitor.answer()).body == b"ok"


@pytest.mark.parametrize("asleep", [False, True])
async def test_events_of_a_stream_pass_at_once(engine: str, state: Path, asleep: bool) -> None:
    told = asyncio.Event()

    async def stream(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        for count in range(3):
            writer.write(b"9\r\ndata: %d\n\n\r\n" % count)
            await writer.drain()
            await told.wait()
            told.clear()
        writer.write(b"0\r\n\r\n")

    async with App(stream) as app, street(engine, state) as here:
        await (here.asleep() if asleep else here.awake(app))
        visitor = await here.visitor()
        visitor.send(request("GET", "/events"))
        if asleep:
            await here.until_held(1)
            await here.awake(app)
        await visitor.head()
        for count in range(3):
            assert await visitor.reader.readuntil(b"\n\n\r\n") == b"9\r\ndata: %d\n\n\r\n" % count
            assert (await here.work()).in_flight == 1
            told.set()
        assert await visitor.reader.readexactly(5) == b"0\r\n\r\n"
        await here.until_in_flight(0)


@pytest.mark.parametrize("size", [0, 5, 3_000_000])
async def test_bodies_of_requests_arrive(engine: str, state: Path, size: int) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        body = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
        visitor.send(request("POST", "/", f"Content-Length: {size}", body=body))
        assert (await visitor.answer()).status == 200
        visitor.send(request("PUT", "/", "Transfer-Encoding: chunked"))
        for at in range(0, size, 100_000):
            piece = body[at : at + 100_000]
            visitor.send(b"%x\r\n%b\r\n" % (len(piece), piece))
        visitor.send(b"0\r\n\r\n")
        assert (await visitor.answer()).status == 200
        assert [asked.body for asked in app.asked] == [body, body]
        assert app.asked[1].headers["transfer-encoding"] == "chunked"


async def test_a_client_that_waits_for_100_continue_is_told_by_the_app(engine: str, state: Path) -> None:
    async def careful(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = await reader.readexactly(int(asked.headers["content-length"]))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    async with App(careful, read_body=False) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 4", "Expect: 100-continue"))
        assert (await visitor.head()).status == 100
        visitor.send(b"body")
        assert (await visitor.answer()).body == b"body"


async def test_an_app_that_breaks_off_is_told_in_torpors_words(engine: str, state: Path) -> None:
    async def die(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with App(die) as app, street(engine, state) as here:
        await here.awake(app)
        got = await here.get("/", "Accept: application/json")
        assert got.status == 502
        assert got.headers["content-type"] == "application/problem+json"
        assert len(app.asked) == 1


async def test_a_body_is_not_sent_twice(engine: str, state: Path) -> None:
    async def die(asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with App(die) as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Content-Length: 4", body=b"once"))
        assert (await visitor.answer()).status == 502
        assert [asked.body for asked in app.asked] == [b"once"]


async def test_several_addresses_share_the_visits(engine: str, state: Path) -> None:
    async with App() as one, App() as two, street(engine, state) as here:
        await here.awake(one, two)
        for _ in range(40):
            assert (await here.get()).body == b"hello"
        assert len(one.asked) + len(two.asked) == 40
        assert one.asked
        assert two.asked
        await here.awake(two)
        before = len(one.asked)
        for _ in range(5):
            await here.get()
        assert len(one.asked) == before


@pytest.mark.parametrize(
    ("route", "host", "path", "leads"),
    [
        ("app.localhost/docs", "app.localhost", "/docs", True),
        ("app.localhost/docs", "app.localhost", "/docs/x?y=z", True),
        ("app.localhost/docs", "app.localhost", "/docs?y", True),
        ("app.localhost/docs", "app.localhost", "/docsx", False),
        ("app.localhost/docs", "app.localhost", "/", False),
        ("*.app.localhost", "x.app.localhost", "/", True),
        ("*.app.localhost", "y.x.app.localhost.", "/", True),
        ("*.app.localhost", "a.b.c.d.e.f.g.h.app.localhost", "/", True),
        ("*.app.localhost", "app.localhost", "/", False),
        ("*.app.localhost/a;b", "x.app.localhost", "/a;b/c", True),
        ("app.localhost", "APP.localhost:8080", "/", True),
        ("app.localhost", "xapp.localhost", "/", False),
    ],
)
async def test_routes_lead_where_they_say(
    engine: str, state: Path, route: str, host: str, path: str, leads: bool
) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app, routes=(route,))
        got = await here.get(path, f"Host: {host}")
        assert got.status == (200 if leads else 404)
        await here.awake(app, routes=("elsewhere.localhost",))
        assert (await here.get(path, f"Host: {host}")).status == 404
        assert (await here.get("/", "Host: elsewhere.localhost")).status == 200


@pytest.mark.parametrize("told", [("taker", "giver"), ("giver", "taker"), ("both at once",)])
async def test_a_route_that_moves_from_one_app_to_another_leads_there(
    engine: str, state: Path, told: tuple[str, ...]
) -> None:
    """And on the fast lane, where there is one: it asks no doorman."""
    async with (
        App() as app,
        App(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\ntaker") as taker,
        street(engine, state) as here,
    ):
        await here.awake(taker, name="taker", routes=("taker.localhost",))
        await here.awake(app, name="giver", routes=("giver.localhost", "moves.localhost"))
        assert (await here.get("/", "Host: moves.localhost")).body == b"hello"
        for name in told:
            if name != "giver":
                here.app(Phase.AWAKE, taker, name="taker", routes=("taker.localhost", "moves.localhost"))
            if name != "taker":
                here.app(Phase.AWAKE, app, name="giver", routes=("giver.localhost",))
            await patiently(partial(here.engine.lanes.change, ["taker", "giver"] if name == "both at once" else [name]))
        assert (await here.get("/", "Host: moves.localhost")).body == b"taker"
        if isinstance(here.engine, HaproxyEngine):
            lines = (await here.engine._runtime.ask("show map routes.map")).split("\n")
            assert sorted(line.partition(" ")[2] for line in lines if line) == [
                "giver.localhost/ giver",
                "moves.localhost/ taker",
                "taker.localhost/ taker",
            ]


async def test_of_several_routes_the_narrowest_wins(engine: str, state: Path) -> None:
    async with (
        App() as app,
        App(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as other,
        street(engine, state) as here,
    ):
        await here.awake(app, routes=("*.localhost", "a.x.localhost/deep"))
        await here.awake(other, name="other", routes=("*.x.localhost", "*.localhost/docs", "a.x.localhost/deep/er"))
        leads = {
            "b.localhost/": b"hello",
            "b.localhost/docs": b"",
            "b.x.localhost/": b"",
            "a.x.localhost/deep": b"hello",
            "a.x.localhost/deep/er/": b"",
            "a.x.localhost/": b"",
        }
        for url, body in leads.items():
            host, _, path = url.partition("/")
            assert (await here.get(f"/{path}", f"Host: {host}")).body == body, url
