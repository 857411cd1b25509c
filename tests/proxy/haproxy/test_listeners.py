"""The sockets on which visitors come in: bound all, handed on by what was noted of them, ended for everybody."""

import asyncio
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.haproxy.listeners import Listeners
from proxy.haproxy.runtime import RuntimeSocket

ANY = ("127.0.0.1", 0)


@pytest.fixture
def two() -> Iterator[Listeners]:
    listeners = Listeners({"plain": ANY, "other": ANY})
    listeners.bind()
    yield listeners
    listeners.close()


async def handed_out(listeners: Listeners, path: Path) -> list[socket.socket]:
    """What an HAProxy gets when it asks; another process would get the same of HAProxy."""
    async with listeners.handed_out(path):
        return await RuntimeSocket(path).listeners()


def noted(listeners: Listeners) -> object:
    return json.loads(json.dumps(listeners.note()))


def accepts(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_each_has_its_address_under_its_name(two: Listeners) -> None:
    for name, (host, port) in zip(("PLAIN", "OTHER"), two.addresses.values(), strict=True):
        assert two.environment()[f"TORPOR_{name}_AT"] == f"{host}:{port}"
        assert two.environment()[f"TORPOR_{name}_PORT"] == str(port)
    assert all(accepts(address) for address in two.addresses.values())


async def test_they_are_adopted_by_where_they_listen(two: Listeners, state: Path) -> None:
    later = Listeners({"plain": ANY, "other": two.addresses["other"]})
    assert later.adopt(await handed_out(two, state / "l.sock"), noted(two))
    assert later.addresses == two.addresses
    two.close()
    assert all(accepts(address) for address in later.addresses.values())
    later.end()


def test_one_that_is_not_handed_out_is_bound_where_it_was_when_it_is_gone(two: Listeners) -> None:
    later = Listeners({"plain": ANY, "other": ANY})
    assert later.adopt([], noted(two))
    assert later.addresses == two.addresses
    two.end()
    later.bind()
    assert later.addresses == two.addresses
    assert all(accepts(address) for address in later.addresses.values())
    later.end()


@pytest.mark.parametrize("note", [None, [], {"plain": ["127.0.0.1"]}, {"plain": ["127.0.0.1", "::1", "1"]}, {"x": 1}])
async def test_nothing_is_adopted_on_a_note_that_says_nothing(two: Listeners, state: Path, note: object) -> None:
    later = Listeners({"plain": ANY})
    assert not later.adopt(await handed_out(two, state / "l.sock"), note)
    assert later.addresses == {}


async def test_what_is_not_wanted_any_more_is_left_and_what_is_new_is_bound(two: Listeners, state: Path) -> None:
    later = Listeners({"plain": ANY, "new": ANY})
    assert not later.adopt(await handed_out(two, state / "l.sock"), noted(two))
    later.bind()
    assert later.addresses["plain"] == two.addresses["plain"]
    assert len(later.addresses) == 2
    assert all(accepts(address) for address in later.addresses.values())
    later.end()


async def test_the_end_is_for_all_copies(two: Listeners, state: Path) -> None:
    left = await handed_out(two, state / "l.sock")
    two.end()
    assert not any(accepts(address) for address in two.addresses.values())
    for one in left:
        one.close()


def test_an_address_that_is_taken_is_named(two: Listeners) -> None:
    host, port = two.addresses["plain"]
    late = Listeners({"free": ANY, "plain": (host, port)})
    with pytest.raises(OSError, match=f"cannot listen on {host}:{port}: Address already in use"):
        late.bind()
    late.close()


async def test_who_is_refused_a_hand_out_leaves_nothing_behind(two: Listeners, state: Path) -> None:
    async with two.handed_out(state / "l.sock"):
        reader, writer = await asyncio.open_unix_connection(state / "l.sock")
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        assert await reader.read() == b""
        writer.close()
    assert not (state / "l.sock").exists()


async def test_nobody_asks_and_it_ends_all_the_same(two: Listeners, state: Path) -> None:
    async with asyncio.timeout(10), two.handed_out(state / "l.sock"):
        pass
    assert not (state / "l.sock").exists()
