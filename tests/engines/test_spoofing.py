"""Which app a visit goes to is what its Host says, each time anew; who it comes from is what the socket says."""

import asyncio
import contextlib
import itertools
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from tests.engines.http2 import answer, head, speak
from tests.engines.street import Street, street
from tests.engines.strict import StrictApp
from tests.ports import somewhere
from tests.wire import App
from torpor.words import Address

NO_HOSTS = {
    "none": (),
    "empty": ("Host:",),
    "two": ("Host: app.localhost", "Host: other.localhost"),
    "two in one": ("Host: app.localhost, other.localhost",),
    "user": ("Host: other.localhost@app.localhost",),
    "path": ("Host: app.localhost/x",),
    "query": ("Host: app.localhost?x",),
    "fragment": ("Host: app.localhost#x",),
    "backslash": ("Host: app.localhost\\x",),
    "blank": ("Host: app.localhost other.localhost",),
    "name for a port": ("Host: app.localhost:other.localhost",),
    "two ports": ("Host: app.localhost:80:90",),
    "long port": ("Host: app.localhost:800000",),
    "brackets and more": ("Host: [::1]app.localhost",),
    "half a bracket": ("Host: [::1",),
    "quote": ('Host: app.localhost";for=6.6.6.6',),
    "letters beyond ascii": ("Host: app.localhost\xe4",),
    "blank before the colon": ("Host : app.localhost",),
    "only another name": ("X-Forwarded-Host: app.localhost",),
}
SAME_HOSTS = ("app.localhost", "APP.LocalHost", "app.localhost.", "app.localhost:1", "\tapp.localhost\t")
WHO = ("x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "forwarded")


async def test_a_host_that_is_none_leads_nowhere(engine: str, state: Path) -> None:
    async with StrictApp() as app, StrictApp("other") as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")
        for name, fields in NO_HOSTS.items():
            visitor = await here.visitor()
            visitor.send("\r\n".join(["GET / HTTP/1.1", *fields, "", ""]).encode("latin-1"))
            assert (await visitor.answer()).status == 400, name
            await visitor.leave()
        assert not app.read
        assert not other.read


async def test_all_spellings_of_a_host_lead_to_its_app(engine: str, state: Path) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app)
        for host in SAME_HOSTS:
            assert (await here.get("/x", f"Host: {host}")).body == b"app /x", host
        assert [read.headers["x-forwarded-host"] for read in app.read] == [host.strip() for host in SAME_HOSTS]
        assert not app.doubts


async def test_a_host_that_is_a_number_is_one(engine: str, state: Path) -> None:
    async with StrictApp() as app, street(engine, state) as here:
        await here.awake(app, routes=("8080",))
        for host in ("8080", "8080:", "8080:80"):
            for agent in ((), ("User-Agent: curl/8",)):
                assert (await here.get("/x", f"Host: {host}", *agent)).body == b"app /x", (host, agent)


async def test_an_absolute_target_cannot_name_another_app(engine: str, state: Path) -> None:
    """Of the two names in such a request none may lead where the other does not (RFC 9112 section 3.2.2)."""
    async with StrictApp() as app, StrictApp("other") as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")
        for target in (
            "http://other.localhost/x",
            "HTTP://other.localhost/x",
            "http://app.localhost@other.localhost/x",
        ):
            assert (await here.get(target)).status == 400, target
        assert not app.read
        assert not other.read


async def test_apps_take_turns_on_one_connection_and_never_see_each_others_visits(engine: str, state: Path) -> None:
    """With several visitors at once, so that connections to the apps are used by all of them."""
    async with StrictApp() as app, StrictApp("other") as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")

        async def come(number: int) -> None:
            visitor = await here.visitor()
            for turn in range(20):
                name = ("app", "other")[(turn * 7 + number) % 3 % 2]
                got = await visitor.get(f"/{number}/{turn}", f"Host: {name}.localhost")
                assert got.body == f"{name} /{number}/{turn}".encode()
            await visitor.leave()

        async with asyncio.TaskGroup() as group:
            for number in range(8):
                group.create_task(come(number))
        assert {read.headers["host"] for read in app.read} == {"app.localhost"}
        assert {read.headers["host"] for read in other.read} == {"other.localhost"}
        assert not app.doubts + other.doubts


@pytest.mark.needs("h2c")
async def test_streams_of_one_connection_go_where_their_authority_says(engine: str, state: Path) -> None:
    async with StrictApp() as app, StrictApp("other") as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")
        async with speak(here) as talk:
            names = [("app", "other")[turn * 7 % 3 % 2] for turn in range(30)]
            streams = [
                talk.ask(head(path=f"/{at}", host=f"{name}.localhost"), end=True) for at, name in enumerate(names)
            ]
            for at, (name, stream) in enumerate(zip(names, streams, strict=True)):
                assert (await answer(talk, stream))[1] == f"{name} /{at}".encode()
        assert {read.headers["host"] for read in app.read} == {"app.localhost"}


@pytest.mark.needs("h2c")
async def test_a_host_header_beside_the_authority_is_not_heard(engine: str, state: Path) -> None:
    """RFC 9113 section 8.3.1: where both are there, `:authority` goes before."""
    async with StrictApp() as app, StrictApp("other") as other, street(engine, state) as here:
        await here.awake(app)
        await here.awake(other, name="other")
        async with speak(here) as talk:
            talk.h2.config.validate_outbound_headers = False
            _, body = await answer(
                talk, talk.ask(head("GET", "/", "app.localhost", ("host", "other.localhost")), end=True)
            )
        assert body == b"app /"
        assert app.read[0].headers["host"] == "app.localhost"
        assert not app.doubts
        assert not other.read


@contextlib.asynccontextmanager
async def old_tenant() -> AsyncIterator[tuple[Address, asyncio.Server]]:
    """An app that keeps its connections when it has stopped listening, as many do while they shut down."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold")
        writer.close()

    server = await asyncio.start_server(serve, *somewhere())
    try:
        yield Address(*server.sockets[0].getsockname()[:2]), server
    finally:
        server.close_clients()


@pytest.mark.parametrize("unknown", [False, True])
async def test_a_kept_connection_to_an_app_never_carries_visits_to_the_next_at_its_address(
    engine: str, state: Path, unknown: bool
) -> None:
    """Neither where HAProxy has not been told of the apps yet and the doorman says where their visits go."""

    async def forget(here: Street) -> None:
        if unknown and isinstance(here.engine, HaproxyEngine):
            await here.engine._runtime.ask("clear map routes.map")

    async with old_tenant() as (address, old), street(engine, state) as here:
        await here.awake(address)
        await forget(here)
        visitors = [await here.visitor() for _ in range(3)]
        for visitor in visitors * 3:
            assert (await visitor.get()).body == b"old"
        old.close()
        await here.asleep()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await App(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew")._serve(reader, writer)

        async with await asyncio.start_server(serve, *address) as new:
            await here.awake(address, name="other")
            await forget(here)
            for visitor in [*visitors * 3, await here.visitor()]:
                assert (await visitor.get("/", "Host: other.localhost")).body == b"new"
            for visitor in visitors:
                await visitor.leave()
            new.close_clients()


@pytest.mark.parametrize("trusted", [(), ("192.0.2.0/24",)])
async def test_what_a_visitor_says_of_itself_is_not_believed(
    engine: str, state: Path, trusted: tuple[str, ...]
) -> None:
    ours = ("For", "Host", "Proto", "Port", "Prefix", "Ssl", "Anything")
    odd = ("X_Forwarded-For", "x-forwarded_for", "X-Real-IP", "X_REAL_IP", "Forwarded", "Forwarded-For")
    lies = (*(f"X-Forwarded-{name}" for name in ours), *odd)
    async with App() as app, street(engine, state, trusted_proxies=trusted) as here:
        await here.awake(app)
        await here.get("/", *(f"{lie}: 6.6.6.6" for lie in lies))
        seen = [(name, value) for name, value in app.asked[0].fields if "forwarded" in name or "real" in name]
        assert sorted(name for name, _ in seen) == sorted(WHO)
        assert "6.6.6.6" not in str(app.asked[0].fields)
        assert app.asked[0].headers["x-forwarded-for"] == "127.0.0.1"


@pytest.mark.parametrize("trusted", [(), ("127.0.0.0/8",)])
async def test_who_it_is_cannot_be_taken_out_as_meant_for_one_hop(
    engine: str, state: Path, trusted: tuple[str, ...]
) -> None:
    """Not even through a trusted proxy that passes on what its client wrote into Connection."""
    async with App() as app, street(engine, state, trusted_proxies=trusted) as here:
        await here.awake(app)
        named = ("Connection: close, Host, X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, Forwarded, X-Real-IP",)
        await here.get("/", *named, "X-Forwarded-For: 192.0.2.7", "X-Real-IP: 192.0.2.7")
        headers = app.asked[0].headers
        assert headers["host"] == headers["x-forwarded-host"] == "app.localhost"
        assert headers["x-forwarded-for"] == ("192.0.2.7, 127.0.0.1" if trusted else "127.0.0.1")
        assert headers["forwarded"].startswith("for=192.0.2.7" if trusted else "for=127.0.0.1")
        assert headers.get("x-real-ip") == ("192.0.2.7" if trusted else None)


async def test_a_trusted_proxys_words_stay_within_their_header(engine: str, state: Path) -> None:
    token, quoted = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", r'"(?:[^"\\]|\\.)*"'
    well_formed = re.compile(rf"{token}=(?:{token}|{quoted})(?:[;,] ?{token}=(?:{token}|{quoted}))*")
    odd = ('"; for=6.6.6.6', "a, b", '\\"', "x" * 2000, "\xe4", "for=1;host=x", ",", ";", "[::1", "%00", "1.2.3.4;x")
    async with App() as app, street(engine, state, trusted_proxies=("127.0.0.0/8",)) as here:
        await here.awake(app)
        for value in odd:
            told = (f"X-Forwarded-For: {value}", f"X-Forwarded-Proto: {value}", f"X-Forwarded-Host: {value}")
            assert (await here.get("/", *told, f"Forwarded: for={value}")).status == 200, value
            asked = app.asked[-1]
            assert sorted(name for name, _ in asked.fields if name in WHO) == sorted(WHO), value
            assert well_formed.fullmatch(asked.headers["forwarded"]), (value, asked.headers["forwarded"])
            assert asked.headers["x-forwarded-for"].endswith(", 127.0.0.1") or value in (",", "")


@pytest.mark.parametrize("trusted", [(), ("127.0.0.0/8",)])
async def test_a_head_that_has_no_room_for_who_it_is_goes_nowhere(
    engine: str, state: Path, trusted: tuple[str, ...]
) -> None:
    host = ".".join(["a" * 60] * 16) + ".app.localhost"
    async with App() as app, street(engine, state, trusted_proxies=trusted) as here:
        await here.awake(app, routes=("*.app.localhost",))
        for size in range(12_000, 15_600, 300):
            for who in ((), ("X-Forwarded-For: 192.0.2.7",)):
                await here.get("/", f"Host: {host}", f"X: {'x' * size}", *who)
        assert app.asked
        for asked in app.asked:
            assert sorted(name for name, _ in asked.fields if name in WHO) == sorted(WHO)
            assert asked.headers["x-forwarded-for"].endswith("127.0.0.1")


@pytest.mark.parametrize(("trusted", "believed"), [((), False), (("0.0.0.0/0",), False), (("::1",), True)])
async def test_a_visitor_over_ipv6_is_one(engine: str, state: Path, trusted: tuple[str, ...], believed: bool) -> None:
    """No network of IPv4 vouches for it, whatever address of IPv4 its own may contain."""
    if not socket.has_dualstack_ipv6():
        return  # there is no IPv6 here
    async with App() as app, street(engine, state, listen=("::1", 0), trusted_proxies=trusted) as here:
        await here.awake(app)
        visitor = await here.visitor()
        for _ in range(2):
            await visitor.get("/", "X-Forwarded-For: 192.0.2.7", "User-Agent: curl/8")
            await visitor.get("/", "User-Agent: curl/8")
        for lied, plain in itertools.batched(app.asked, 2, strict=True):
            assert lied.headers["x-forwarded-for"] == ("192.0.2.7, ::1" if believed else "::1")
            assert plain.headers["x-forwarded-for"] == "::1"
            assert plain.headers["forwarded"].startswith('for="[::1]";proto=http;host=')


async def test_many_networks_may_be_trusted(engine: str, state: Path) -> None:
    many = (*(f"10.{at}.0.0/255.255.0.0" for at in range(200)), "2001:db8::/32", "127.0.0.1")
    async with App() as app, street(engine, state, trusted_proxies=many) as here:
        await here.awake(app)
        await here.get("/", "X-Forwarded-For: 192.0.2.7")
        assert app.asked[0].headers["x-forwarded-for"] == "192.0.2.7, 127.0.0.1"
