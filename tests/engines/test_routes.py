"""Which app a visit comes to: exact paths, wildcards, headers, shares. The rules are told in torpor/route_table.py."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.engines.street import Street, patiently, street
from tests.wire import PATIENCE, App
from torpor.link import Knock
from torpor.words import Address, Phase, Visitor


class Town(Street):
    """A street with an app for each name, which answers with it."""

    apps: dict[str, App]

    async def lead(self, routes: dict[str, tuple[str, ...]], **more: object) -> None:
        """All at once: the apps have these routes."""
        for name, app in self.apps.items():
            self.app(Phase.AWAKE, app, name=name, routes=routes.get(name, ()), **more)
        await self.settle()

    async def visit(self, url: str, *fields: str) -> str:
        """Who answers there; nothing where nobody does."""
        host, slash, path = url.partition("/")
        got = await self.get(slash + path, f"Host: {host}", *fields)
        assert got.status in (200, 404)
        return got.body.decode() if got.status == 200 else ""


@asynccontextmanager
async def town(engine: str, state: Path, *names: str) -> AsyncIterator[Town]:
    here = Town()
    async with AsyncExitStack() as stack:
        head = "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}"
        apps = {name: App(head.format(len(name), name).encode()) for name in names}
        here.apps = {name: await stack.enter_async_context(app) for name, app in apps.items()}
        yield await stack.enter_async_context(street(engine, state, here=here))  # type: ignore[misc]


NARROWEST = {
    "a": ("=h.test/docs", "?.wild.test", "=x.test/", "*/any", "h.test/deep [env=a]", "h.test [k=%25%2Ca%20b]"),
    "b": ("h.test", "h.test/docs", "=h.test/docs/", "*.wild.test", "h.test/deep [env=b] [v=2]"),
    "c": ("h.test/docs/deep", "*", "=*/only", "h.test/deep [env=b]", "?.wild.test [env=c]"),
}
LEADS = {
    "h.test/": "b",
    "h.test/docs": "a",
    "H.test:80/docs?x=/y": "a",
    "h.test/docs/": "b",
    "h.test/docs//": "b",
    "h.test/docs/x": "b",
    "h.test/docs%2F": "b",
    "h.test/docs/deep/er": "c",
    "h.test/docs?": "a",
    "a.wild.test/": "a",
    "a.b.wild.test/": "b",
    "wild.test/": "c",
    "x.test/": "a",
    "x.test/?x": "a",
    "x.test/x": "c",
    "x.test/any/x": "a",
    "10.0.0.1/only": "c",
    "10.0.0.1/any": "a",
    "h.test/deep": "b",
}


async def test_the_narrowest_route_leads(engine: str, state: Path) -> None:
    async with town(engine, state, "a", "b", "c") as here:
        await here.lead(NARROWEST)
        await lead_as_they_should(here)


@pytest.mark.needs("fast lane")
async def test_awake_apps_visits_find_their_way_without_python(
    engine: str, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(*_: object) -> None:
        raise AssertionError("the doorman was asked")

    async with town(engine, state, "a", "b", "c") as here:
        await here.lead(NARROWEST)
        monkeypatch.setattr(here.doorman, "glance", found)
        monkeypatch.setattr(here.doorman, "hold", found)
        await lead_as_they_should(here)
        await here.lead({"a": ("h.test @3",), "b": ("h.test @1",)})
        assert {await here.visit("h.test/") for _ in range(40)} == {"a", "b"}


async def lead_as_they_should(here: Town) -> None:
    for url, name in LEADS.items():
        assert await here.visit(url) == name, url
    assert await here.visit("h.test/deep", "ENV: a") == "a"
    assert await here.visit("h.test/deep", "Env: b") == "c"
    assert await here.visit("h.test/deep/x", "Env: b", "v: 2") == "b"
    assert await here.visit("h.test/deep", "Env: b", "v: 3") == "c"
    assert await here.visit("h.test/deep", "Env: B") == "b", "values are told apart by case"
    assert await here.visit("h.test/deep", "env: aa") == "b"
    assert await here.visit("h.test/", "k: %,a b") == "a"
    assert await here.visit("h.test/deep", "k: %,a b") == "a", "nothing at /deep fits, so / is asked"
    assert await here.visit("h.test/", "k: %", "k: a b") == "a", "two lines are one list"
    assert await here.visit("x.wild.test/", "env: c") == "c"


async def test_nobody_is_found_where_no_route_fits(engine: str, state: Path) -> None:
    async with town(engine, state, "a") as here:
        await here.lead({"a": ("=h.test/x", "?.wild.test/y", "g.test [k=v]", "zero.test @0")})
        for url in ("h.test/", "h.test/x/", "a.wild.test/", "a.b.wild.test/y", "wild.test/y", "g.test/", "zero.test/"):
            assert await here.visit(url) == "", url
        assert await here.visit("g.test/", "k: w") == ""


async def test_what_leads_where_is_the_same_in_every_engine(engine: str, state: Path) -> None:
    """Routes by chance, changed again and again while they are there; what the table finds is what the engine does."""
    chance = random.Random(4711)
    labels = ["t", "a.t", "b.a.t"]
    paths = ["", "/x", "/x/y", "/x/y/", "/z", "/x%20"]
    headers = ["", "", "", " [k=1]", " [k=2]", " [k=1] [l=1]"]

    def route() -> str:
        host = chance.choice([*labels, *labels, "*.t", "?.t", "?.a.t", "*.a.t", "*"])
        return f"{chance.choice(['', '', '='])}{host}{chance.choice(paths)}{chance.choice(headers)}"

    async with town(engine, state, *"abcd") as here:
        for turn in range(12):
            routes = {name: tuple(route() for _ in range(chance.randrange(12))) for name in here.apps}
            if turn % 2:
                await here.lead(routes)
            else:
                for name in chance.sample(sorted(here.apps), 3):
                    here.app(Phase.AWAKE, here.apps[name], name=name, routes=routes[name])
                    await patiently(lambda name=name: here.engine.lanes.change([name]))  # type: ignore[misc]
            visitor = await here.visitor()
            for _ in range(50):
                host = chance.choice([*labels, "c.t", "c.a.t", "d.c.a.t", "other"])
                path = (chance.choice(paths) or "/") + chance.choice(["", "", "/", "/y", "?q=/x"])
                sent = chance.choice([{}, {"k": "1"}, {"k": "2"}, {"k": "1", "l": "1"}])
                known = here.table.find(host, path, sent.get)
                got = await visitor.get(path, f"Host: {host}", *(f"{name}: {value}" for name, value in sent.items()))
                wanted = (404, "") if known is None else (200, known.view.id)
                assert (got.status, got.body.decode() if got.status == 200 else "") == wanted, (host, path, sent)


async def test_visits_are_shared_by_weight(engine: str, state: Path) -> None:
    async with town(engine, state, "a", "b", "none") as here:
        await here.lead({"a": ("h.test @3",), "b": ("h.test @1",), "none": ("h.test @0",)})
        visitor = await here.visitor()
        found = Counter([(await visitor.get("/", "Host: h.test")).body for _ in range(400)])
        assert found.keys() == {b"a", b"b"}
        assert 240 < found[b"a"] < 360
        await here.lead({"a": ("h.test @0",), "b": ("h.test @1",)})
        assert {(await visitor.get("/", "Host: h.test")).body for _ in range(20)} == {b"b"}
        await here.lead({"a": ("h.test",)})
        assert {(await visitor.get("/", "Host: h.test")).body for _ in range(20)} == {b"a"}


async def test_a_held_visit_is_for_the_app_that_was_chosen_and_no_other_is_knocked_at(engine: str, state: Path) -> None:
    async with town(engine, state, "a", "b") as here:
        routes = {"a": ("h.test @1", "h.test [k=v]"), "b": ("h.test @1",)}
        await here.lead(routes)
        for _ in range(5):
            for name in here.apps:
                here.app(Phase.ASLEEP, name=name, routes=routes[name])
            await here.settle()
            here.sent.clear()
            visitor = await here.visitor()
            async with asyncio.TaskGroup() as group:
                got = group.create_task(visitor.get("/", "Host: h.test"))
                async with asyncio.timeout(PATIENCE):
                    while not here.knocks():
                        await asyncio.sleep(0.005)
                name = next(sent.app for sent in here.sent if isinstance(sent, Knock))
                assert (await here.work(name)).held == 1
                await here.awake(here.apps[name], name=name, routes=routes[name])
            assert got.result().body.decode() == name
            assert {sent.app for sent in here.sent if isinstance(sent, Knock)} == {name}


async def test_a_sleeping_app_is_found_by_its_headers(engine: str, state: Path) -> None:
    async with town(engine, state, "a", "b") as here:
        routes = {"a": ("h.test",), "b": ("h.test [k=v] [l=w]",)}
        for name in here.apps:
            here.app(Phase.ASLEEP, name=name, routes=routes[name])
        await here.settle()
        async with asyncio.TaskGroup() as group:
            got = group.create_task(here.get("/", "Host: h.test", "K: v", "L: w"))
            await here.until_held(1, "b")
            assert {sent.app for sent in here.sent if isinstance(sent, Knock)} == {"b"}
            await here.awake(here.apps["b"], name="b", routes=routes["b"])
        assert got.result().body == b"b"
        assert here.ledger.work("a").idle_for is None


async def test_a_visit_that_comes_back_from_an_address_stays_with_its_app(engine: str, state: Path) -> None:
    """Also by a route of headers, which the way back does not ask for again."""
    async with town(engine, state, "a", "b") as here:
        gone = Address("127.0.0.1", 1)
        routes = {"a": ("h.test @1", "g.test [k=v]"), "b": ("h.test @1", "g.test")}
        for name, app in here.apps.items():
            here.app(Phase.AWAKE, gone, app, name=name, routes=routes[name])
        await here.settle()
        assert {(await here.get("/", "Host: h.test")).body for _ in range(30)} == {b"a", b"b"}
        assert {(await here.get("/", "Host: g.test", "k: v")).body for _ in range(6)} == {b"a"}
        assert {(await here.get("/", "Host: g.test")).body for _ in range(6)} == {b"b"}


async def test_only_visits_that_count_are_use_of_the_app_that_was_chosen(engine: str, state: Path) -> None:
    async with town(engine, state, "a", "b") as here:
        more = {"policy": {"wake_for": [Visitor.PERSON, Visitor.PROGRAM]}}
        await here.lead({"a": ("h.test @1", "g.test [k=v]"), "b": ("h.test @1", "g.test")}, **more)
        assert await here.visit("g.test/", "k: v", "User-Agent: Googlebot/2.1") == "a"
        assert (await here.work("a")).idle_for is None
        assert await here.visit("g.test/", "k: v", "User-Agent: curl/8.0") == "a"
        assert (await here.work("a")).idle_for is not None
        assert (await here.work("b")).idle_for is None


async def test_an_app_may_have_the_longest_id_that_a_cluster_gives(engine: str, state: Path) -> None:
    """A namespace, a name and a port: also several addresses, one of which is gone, and a visit that is held."""
    names = ["shop/web", "shop/web:8080", f"{'n' * 40}/{'w' * 54}:8080", f"{'n' * 63}/{'w' * 253}:{'p' * 63}"]
    async with town(engine, state, *names) as here:
        for number, name in enumerate(names):
            routes = (f"{number}.test", f"=shared.test/{number}", "all.test @1")
            await here.asleep(name, routes=routes)
            async with asyncio.TaskGroup() as group:
                got = group.create_task(here.get("/", f"Host: {number}.test"))
                await here.until_held(1, name)
                await here.awake(Address("127.0.0.1", 1), here.apps[name], name=name, routes=routes)
            assert got.result().body.decode() == name
            assert await here.visit(f"shared.test/{number}") == name
            assert (await here.work(name)).idle_for is not None
        visitor = await here.visitor()
        assert {(await visitor.get("/", "Host: all.test")).body.decode() for _ in range(60)} == {*names}
