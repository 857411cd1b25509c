"""HAProxy's maps follow the table, however much of it changes at once; and what happens when a replaced worker ends."""

from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from proxy.haproxy.lane import MANY, HaproxyLane
from proxy.haproxy.lines import Lines, by_map
from proxy.haproxy.maps import MAPS
from proxy.lanes import LaneError
from tests.engines.street import Street, street
from tests.wire import App
from torpor.link import AppView
from torpor.words import Address, Phase

APPS = 10_000


async def held(here: Street) -> dict[str, dict[str, str]]:
    """What the maps of the HAProxy that serves hold."""
    assert isinstance(here.engine, HaproxyEngine)
    found = {}
    for name in MAPS:
        lines = (await here.engine._runtime.ask(f"show map {name}")).split("\n")
        found[name] = dict(line.split(" ")[1:3] for line in lines if line)
    return found


def tell(here: Street, number: int, phase: Phase, epoch: int, *addresses: Address) -> str:
    name = f"many{number}"
    here.table.change(AppView(id=name, routes=(f"{name}.localhost",), phase=phase, epoch=epoch, addresses=addresses))
    return name


async def test_the_maps_follow_10_000_apps_one_by_one_and_all_at_once(state: Path) -> None:
    """What changes together beyond `MANY` lines is a new map, and what was there before must be in it too."""
    here = Street()
    for number in range(APPS):
        tell(here, number, Phase.ASLEEP, 1)
    async with App() as app, street("haproxy", state, here=here):
        assert isinstance(here.engine, HaproxyEngine)
        pid, worker = here.engine.pid, here.engine.lanes.serving
        await here.awake(app)
        assert (await held(here))["addresses.map"] == {"app": f"127.0.0.1|{app.address.port}"}
        one, two = Address("10.0.0.1", 80), Address("10.0.0.2", 80)
        many = [tell(here, number, Phase.AWAKE, 2, one) for number in range(2 * MANY)]
        several = [tell(here, number, Phase.AWAKE, 2, one, two) for number in range(2 * MANY, 2 * MANY + 10)]
        await here.engine.lanes.change([*many, *several])
        wanted = {"app": f"127.0.0.1|{app.address.port}"} | dict.fromkeys(many, "10.0.0.1|80")
        wanted |= {f"{name}={turn}": f"10.0.0.{turn + 1}|80" for name in several for turn in range(2)}
        maps = await held(here)
        assert maps["addresses.map"] == wanted
        assert maps["several.map"] == dict.fromkeys(several, "2")
        assert len(maps["routes.map"]) == APPS + 1
        asleep = [tell(here, number, Phase.ASLEEP, 3) for number in range(2 * MANY - 1)]
        await here.engine.lanes.change(asleep)
        left = {key: value for key, value in wanted.items() if key not in asleep}
        assert (await held(here))["addresses.map"] == left
        await here.engine.lanes.change([tell(here, 2 * MANY - 1, Phase.ASLEEP, 3)])
        del left[f"many{2 * MANY - 1}"]
        assert (await held(here))["addresses.map"] == left
        assert (await here.get()).body == b"hello"
        assert (here.engine.pid, here.engine.lanes.serving) == (pid, worker), "it was reloaded"
        for number in range(APPS):
            here.table.remove(f"many{number}")
        await here.engine.lanes.renew()
        assert [*(await held(here))["routes.map"]] == ["app.localhost/"]


def wanted(here: Street) -> dict[str, dict[str, str]]:
    """What they should hold."""
    lines = by_map(Lines(here.table).all().values())
    return {name: {entry.key: entry.value for entry in entries} for name, entries in lines.items()}


def lead(here: Street, name: str, *routes: str) -> str:
    here.table.change(AppView(id=name, routes=routes, phase=Phase.ASLEEP, epoch=1))
    return name


@pytest.mark.parametrize("count", [5, MANY])
async def test_the_maps_follow_apps_that_share_their_places(state: Path, count: int) -> None:
    async with street("haproxy", state) as here:
        for weight in (1, 2):
            apps = [lead(here, f"{name}{n}", f"{n}.test @{weight}") for n in range(count) for name in ("x", "y")]
            await here.engine.lanes.change(apps)
            assert await held(here) == wanted(here)
        await here.engine.lanes.change([lead(here, f"x{n}") for n in range(0, count, 2)])
        await here.engine.lanes.change([lead(here, f"z{n}", f"{n}.test [k=v]") for n in range(0, count, 3)])
        maps = await held(here)
        assert maps == wanted(here)
        assert len(maps["routes.map"]) == count
        for app in apps:
            here.table.remove(app)
        await here.engine.lanes.change(apps)
        assert await held(here) == wanted(here)
        await here.engine.lanes.renew()
        assert await held(here) == wanted(here)


async def test_of_changes_that_are_told_one_by_one_none_is_lost(state: Path) -> None:
    """The first that is told has the others' lines made anew, before these are told themselves."""
    async with street("haproxy", state) as here:
        apps = [lead(here, "giver", "a.test"), lead(here, "heir", "a.test", "b.test"), lead(here, "last", "b.test")]
        await here.engine.lanes.change(apps)
        lead(here, "heir", "a.test")
        lead(here, "giver")
        for app in apps:
            await here.engine.lanes.change([app])
            assert await held(here) == wanted(here)
        assert (await held(here))["routes.map"] == {"a.test/": "heir", "b.test/": "last"}


class Ending:
    """A worker that says nothing any more, and its life, whose master lists it for some more questions.

    A stand-in, since the moment between the two is too short to be met for certain; test_sigusr2.py has real ones.
    """

    pid = 4711

    def __init__(self, listed: int) -> None:
        self.life = self
        self.listed = listed
        self.told_gone = False

    async def workers(self) -> list[int]:
        self.listed -= 1
        return [4712, self.pid] if self.listed >= 0 else [4712]

    async def read(self) -> None:
        raise LaneError("HAProxy does not answer: it closed the connection")

    def is_gone(self) -> None:
        self.told_gone = True


async def test_a_replaced_worker_that_has_ended_is_gone_as_soon_as_its_master_says_so() -> None:
    worker = Ending(listed=3)
    await HaproxyLane._tell_replaced(worker, worker.read)  # type: ignore[arg-type]
    assert worker.told_gone


async def test_one_that_says_nothing_and_does_not_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.haproxy.lane.ENDING", 0.05)
    worker = Ending(listed=1_000)
    with pytest.raises(LaneError, match="it closed the connection"):
        await HaproxyLane._tell_replaced(worker, worker.read)  # type: ignore[arg-type]
    assert not worker.told_gone
