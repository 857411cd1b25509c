"""The sockets on which visitors come in: bound all, handed on by what was noted of them, ended for everybody."""

import json
import socket
from collections.abc import Iterator

import pytest

from proxy.haproxy.listeners import Listeners

ANY = ("127.0.0.1", 0)


@pytest.fixture
def two() -> Iterator[Listeners]:
    listeners = Listeners({"plain": ANY, "other": ANY})
    listeners.bind()
    yield listeners
    listeners.close()


def copies(listeners: Listeners) -> list[socket.socket]:
    """What an HAProxy hands out: duplicates, in any order."""
    return [socket.fromfd(fd, socket.AF_INET, socket.SOCK_STREAM) for fd in reversed(listeners.fds())]


def noted(listeners: Listeners) -> object:
    return json.loads(json.dumps(listeners.note()))


def accepts(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


def test_each_has_its_descriptor_under_its_name(two: Listeners) -> None:
    assert [*two.environment()] == ["TORPOR_PLAIN_FD", "TORPOR_OTHER_FD"]
    assert tuple(map(int, two.environment().values())) == two.fds()
    assert all(accepts(address) for address in two.addresses.values())


def test_they_are_adopted_by_where_they_listen(two: Listeners) -> None:
    later = Listeners({"plain": ANY, "other": two.addresses["other"]})
    assert later.adopt(copies(two), noted(two))
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
def test_nothing_is_adopted_on_a_note_that_says_nothing(two: Listeners, note: object) -> None:
    later = Listeners({"plain": ANY})
    assert not later.adopt(copies(two), note)
    assert later.fds() == ()


def test_what_is_not_wanted_any_more_is_left_and_what_is_new_is_bound(two: Listeners) -> None:
    later = Listeners({"plain": ANY, "new": ANY})
    assert not later.adopt(copies(two), noted(two))
    later.bind()
    assert later.addresses["plain"] == two.addresses["plain"]
    assert len(later.fds()) == 2
    later.end()


def test_the_end_is_for_all_copies(two: Listeners) -> None:
    left = copies(two)
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
