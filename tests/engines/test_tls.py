"""Visits over TLS: handshakes, who is shown which certificate, and that everything else works as it does without."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import h2.events
import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.certificates import Authority, put
from tests.engines.http2 import Talk, answer, head
from tests.engines.street import Street, street
from tests.engines.test_protocols import WEBSOCKET, grpc_app, upgraded
from tests.wire import PATIENCE, App, Visitor, request
from torpor.link import Policy
from torpor.words import Address, PageMode

pytestmark = pytest.mark.needs("TLS")

BROWSER = (("user-agent", "Mozilla/5.0 Firefox/130.0"), ("accept", "text/html"), ("sec-fetch-mode", "navigate"))


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def certificates(tmp_path: Path, authority: Authority) -> Path:
    """A directory with a certificate for app.localhost and one for other.localhost, which is the default."""
    put(tmp_path, "app.pem", authority.make("app.localhost", "*.app.localhost").pem)
    other = authority.make("other.localhost")
    put(tmp_path, "default.crt", other.crt)
    put(tmp_path, "default.key", other.key)
    return tmp_path


def secured(
    engine: str, state: Path, certificates: Path, **options: object
) -> contextlib.AbstractAsyncContextManager[Street]:
    from proxy.haproxy.configuration import Tls

    redirect = bool(options.pop("redirect", False))
    return street(engine, state, tls=Tls(("127.0.0.1", 0), certificates, redirect), **options)


async def enter(here: Street, context: ssl.SSLContext, name: str = "app.localhost") -> Visitor:
    """A visitor over TLS who asks for this name."""
    where = here.engine.addresses[1]
    visitor = Visitor(*await asyncio.open_connection(*where, ssl=context, server_hostname=name))
    here.visitors.append(visitor)
    return visitor


@contextlib.asynccontextmanager
async def speak(here: Street, authority: Authority) -> AsyncIterator[Talk]:
    """A client that has agreed on HTTP/2 in the handshake."""
    where = here.engine.addresses[1]
    context = authority.client("h2", "http/1.1")
    reader, writer = await asyncio.open_connection(*where, ssl=context, server_hostname="app.localhost")
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    talk = Talk(reader, writer, client=True)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(talk.run())
        try:
            yield talk
        finally:
            running.cancel()
            writer.transport.abort()


async def echo(socket: ServerConnection) -> None:
    async for message in socket:
        await socket.send(message)


def at(server: object) -> Address:
    return Address(*next(iter(server.sockets)).getsockname()[:2])  # type: ignore[attr-defined]


@pytest.mark.parametrize(("offered", "agreed"), [(("h2", "http/1.1"), "h2"), (("http/1.1",), "http/1.1"), ((), None)])
async def test_the_protocol_is_agreed_on_in_the_handshake(
    engine: str, state: Path, certificates: Path, authority: Authority, offered: tuple[str, ...], agreed: str | None
) -> None:
    async with secured(engine, state, certificates) as here:
        visitor = await enter(here, authority.client(*offered))
        assert visitor.writer.get_extra_info("ssl_object").selected_alpn_protocol() == agreed


async def test_an_app_is_told_that_the_visit_came_over_tls(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with App() as app, secured(engine, state, certificates) as here:
        await here.awake(app)
        visitor = await enter(here, authority.client())
        assert (await visitor.get("/x", "X-Forwarded-Proto: http", "Forwarded: proto=http")).body == b"hello"
        assert (await here.get("/x", "X-Forwarded-Proto: https")).body == b"hello"
        async with speak(here, authority) as talk:
            assert (await answer(talk, talk.ask(head(path="/x"), end=True)))[1] == b"hello"
        told = [(asked.headers["x-forwarded-proto"], asked.headers["forwarded"]) for asked in app.asked]
        assert told == [
            (proto, f'for=127.0.0.1;proto={proto};host="app.localhost"') for proto in ("https", "http", "https")
        ]


async def test_a_trusted_proxys_word_goes_before_our_own(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with App() as app, secured(engine, state, certificates, trusted_proxies=["127.0.0.0/8"]) as here:
        await here.awake(app)
        visitor = await enter(here, authority.client())
        await visitor.get("/")
        await visitor.get("/", "X-Forwarded-Proto: http", "X-Forwarded-For: 192.0.2.1")
        assert [asked.headers["x-forwarded-proto"] for asked in app.asked] == ["https", "http"]
        assert ";proto=https;" in app.asked[0].headers["forwarded"]
        assert ";proto=http;" in app.asked[1].headers["forwarded"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("app.localhost", "app.localhost"),
        ("APP.localhost", "app.localhost"),
        ("deep.app.localhost", "app.localhost"),
        ("other.localhost", "other.localhost"),
        ("nobody.localhost", "other.localhost"),
        (None, "other.localhost"),
    ],
)
async def test_the_certificate_goes_by_the_name_that_is_asked_for(
    engine: str, state: Path, certificates: Path, authority: Authority, name: str | None, shown: str
) -> None:
    context = authority.client()
    context.check_hostname = False
    async with secured(engine, state, certificates) as here:
        visitor = await enter(here, context, name or "127.0.0.1")
        [[[_, common_name]]] = visitor.writer.get_extra_info("peercert")["subject"]
        assert common_name == shown


async def test_nothing_older_than_tls_1_2_is_spoken(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    context = authority.client()
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.minimum_version = ssl.TLSVersion.TLSv1
    with pytest.warns(DeprecationWarning, match="deprecated"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with secured(engine, state, certificates) as here:
        with pytest.raises(ssl.SSLError, match=r"(?i)alert|version"):
            await enter(here, context)
        modern = authority.client()
        modern.maximum_version = ssl.TLSVersion.TLSv1_2
        assert (await (await enter(here, modern)).get("/")).status == 404


async def test_who_speaks_no_tls_on_its_port_is_let_go_and_costs_nobody_else(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with App() as app, secured(engine, state, certificates) as here:
        await here.awake(app)
        reader, writer = await asyncio.open_connection(*here.engine.addresses[1])
        visitor = Visitor(reader, writer)
        visitor.send(request("GET", "/"))
        assert b"200" not in await visitor.rest()
        await visitor.leave()
        assert (await (await enter(here, authority.client())).get("/")).body == b"hello"
        assert len(app.asked) == 1


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02\x00\x01\x00"], ids=["nothing", "half a hello"])
async def test_a_handshake_that_is_not_finished_ends(engine: str, state: Path, certificates: Path, said: bytes) -> None:
    from proxy.haproxy.configuration import Timeouts

    async with secured(engine, state, certificates, timeouts=Timeouts(head=0.5, client=1.0)) as here:
        reader, writer = await asyncio.open_connection(*here.engine.addresses[1])
        visitor = Visitor(reader, writer)
        visitor.send(said)
        assert await visitor.rest() == b""
        await visitor.leave()


async def test_a_full_proxy_says_so_over_tls(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with App() as app, secured(engine, state, certificates, max_connections=5) as here:
        await here.awake(app)
        inside: list[Visitor] = []
        async with asyncio.timeout(PATIENCE):
            while len(inside) < 5:  # the last places may be refused for a moment, as in test_limits.py
                visitor = await enter(here, authority.client())
                if (got := await visitor.get()).status == 200:
                    inside.append(visitor)
                else:
                    assert got.status == 503
                    await visitor.leave()
        got = await (await enter(here, authority.client())).get()
        assert (got.status, got.headers["content-type"]) == (503, "application/problem+json")
        assert (await inside[0].get()).body == b"hello"


async def test_a_visit_is_held_over_tls(engine: str, state: Path, certificates: Path, authority: Authority) -> None:
    async with App() as app, secured(engine, state, certificates) as here:
        await here.asleep()
        visitor = await enter(here, authority.client())
        visitor.send(request("POST", "/", "Content-Length: 4", "User-Agent: curl/8", body=b"body"))
        async with speak(here, authority) as talk:
            stream = talk.ask(head("POST", "/", "app.localhost", ("user-agent", "curl/8")))
            talk.say(stream, b"body", end=True)
            await here.until_held(2)
            assert here.sent[0].client == "127.0.0.1"  # type: ignore[union-attr]
            await here.awake(app)
            headers, body = await answer(talk, stream)
            assert body == b"hello"
            assert headers["server-timing"].startswith("torpor;dur=")
        got = await visitor.answer()
        assert got.body == b"hello"
        assert got.headers["server-timing"].startswith("torpor;dur=")
        assert [asked.body for asked in app.asked] == [b"body", b"body"]


async def test_the_waiting_page_comes_over_http_2(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with secured(engine, state, certificates) as here:
        await here.asleep(policy=Policy(page=PageMode.ALWAYS))
        async with speak(here, authority) as talk:
            for _ in range(2):
                headers, body = await answer(talk, talk.ask(head("GET", "/", "app.localhost", *BROWSER), end=True))
                assert (headers[":status"], int(headers["content-length"])) == ("503", len(body))
                assert headers["torpor-phase"] in ("asleep", "waking")
                assert b"<html" in body
            headers, body = await answer(talk, talk.ask(head(host="nobody.localhost"), end=True))
            assert headers[":status"] == "404"


@pytest.mark.parametrize("asleep", [False, True])
async def test_a_websocket_over_tls(
    engine: str, state: Path, certificates: Path, authority: Authority, asleep: bool
) -> None:
    async with serve(echo, "127.0.0.1", 0) as server, secured(engine, state, certificates) as here:
        await (here.asleep() if asleep else here.awake(at(server)))
        host, port = here.engine.addresses[1]

        async def talk() -> str | bytes:
            where = connect(
                "wss://app.localhost/socket",
                host=host,
                port=port,
                proxy=None,
                ssl=authority.client(),
                open_timeout=PATIENCE,
            )
            async with where as socket:
                await socket.send("hello")
                return await socket.recv()

        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talk())
            if asleep:
                await here.until_held(1)
                await here.awake(at(server))
        assert talking.result() == "hello"
        await here.until_in_flight(0)


@pytest.mark.parametrize("asleep", [False, True])
async def test_a_websocket_in_a_stream_of_http_2(
    engine: str, state: Path, certificates: Path, authority: Authority, asleep: bool
) -> None:
    async with App(upgraded) as app, secured(engine, state, certificates) as here:
        await (here.asleep() if asleep else here.awake(app))
        async with speak(here, authority) as talk:
            await talk.settings.wait()
            assert talk.h2.remote_settings.enable_connect_protocol
            stream = talk.ask(WEBSOCKET)
            if asleep:
                await here.until_held(1)
                await here.awake(app)
            heard = await talk.hear(stream, h2.events.ResponseReceived)
            assert isinstance(heard, h2.events.ResponseReceived)
            assert dict(heard.headers)[":status"] == "200"
            talk.say(stream, b"hi")
            data = await talk.hear(stream, h2.events.DataReceived)
            assert isinstance(data, h2.events.DataReceived)
            assert data.data == b"echo hi"
            assert app.asked[0].headers["x-forwarded-proto"] == "https"
            talk.say(stream, end=True)
        await here.until_in_flight(0)


@pytest.mark.needs("gRPC")
@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("words", [1, 3], ids=["unary", "bidirectional"])
async def test_grpc_over_tls_also_on_the_first_visit(
    engine: str, state: Path, certificates: Path, authority: Authority, asleep: bool, words: int
) -> None:
    async with grpc_app() as app, secured(engine, state, certificates) as here:
        await (here.asleep() if asleep else here.awake(app))
        async with speak(here, authority) as talk:
            fields = (("content-type", "application/grpc"), ("te", "trailers"))
            stream = talk.ask(head("POST", "/s/m", "app.localhost", *fields))
            if words == 1:
                talk.say(stream, b"word 0", end=True)
            if asleep:
                await here.until_held(1)
                await here.awake(app)
            await talk.hear(stream, h2.events.ResponseReceived)
            for number in range(words):
                if words > 1:
                    talk.say(stream, b"word %d" % number, end=number == words - 1)
                heard = await talk.hear(stream, h2.events.DataReceived)
                assert isinstance(heard, h2.events.DataReceived)
                assert heard.data == b"echo word %d" % number
            trailers = await talk.hear(stream, h2.events.TrailersReceived)
            assert isinstance(trailers, h2.events.TrailersReceived)
            assert dict(trailers.headers)["grpc-status"] == "0"
        await here.until_in_flight(0)


async def test_who_comes_without_tls_is_sent_to_it(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with App() as app, secured(engine, state, certificates, redirect=True) as here:
        await here.asleep()
        port = here.engine.addresses[1][1]
        visitor = await here.visitor()
        for method in ("GET", "POST", "HEAD"):
            visitor.send(request(method, "//x/%0d%0ay?z=1&a", "Host: APP.localhost.:1"))
            got = await visitor.answer(bodiless=method == "HEAD")
            assert got.status == 308
            assert got.headers["location"].lower() == f"https://app.localhost:{port}//x/%0d%0ay?z=1&a"
        got = await here.get("http://app.localhost/in/full?x")
        assert got.headers["location"] == f"https://app.localhost:{port}/in/full?x"
        got = await here.get("/", "User-Agent: Mozilla/5.0 Firefox/130.0", "Accept: text/html")
        assert got.status == 308
        assert (await here.get("/", "Host: nobody.localhost")).status == 404
        assert here.knocks() == 0
        work = await here.work()
        assert (work.busy, work.idle_for) == (0, None)
        await here.awake(app)
        assert (await here.get("/")).status == 308
        assert (await here.work()).idle_for is None
        assert (await here.get("/.well-known/acme-challenge/token")).body == b"hello"
        assert (await (await enter(here, authority.client())).get("/")).body == b"hello"


async def test_nobody_is_sent_anywhere_unless_that_is_wanted(
    engine: str, state: Path, certificates: Path, authority: Authority
) -> None:
    async with App() as app, secured(engine, state, certificates) as here:
        await here.awake(app)
        assert (await here.get("/")).body == b"hello"
