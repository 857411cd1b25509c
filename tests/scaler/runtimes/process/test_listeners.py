"""Who listens, by /proc."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from scaler.runtimes.process.keeper import procfs
from scaler.runtimes.process.listeners import Census, Verdict, endpoints, has, judge, who_has
from torpor.words import Address

NOBODYS = Census(main=None, family=[], neighbours={})


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def test_a_listener_of_the_family_is_ours(server: socket.socket) -> None:
    family = Census(main=None, family=[os.getpid()], neighbours={})
    assert judge(Address(*server.getsockname()), family) is Verdict.OURS


def test_a_process_has_its_own_listeners(server: socket.socket, port: int) -> None:
    address = Address(*server.getsockname())
    assert has(os.getpid(), address)
    assert not has(os.getpid(), Address("::1", address.port))
    assert not has(os.getpid(), Address("127.0.0.1", port))
    assert not has(os.getppid(), address)


def test_nobody_is_there(port: int) -> None:
    assert judge(Address("127.0.0.1", port), NOBODYS) is Verdict.NOBODY


def test_a_listener_elsewhere_does_not_answer_here(port: int) -> None:
    with socket.create_server(("127.0.0.7", port)):
        assert judge(Address("127.0.0.1", port), NOBODYS) is Verdict.NOBODY


def test_who_was_there_before_the_app_is_a_stranger(server: socket.socket) -> None:
    main = procfs.look(os.getpid())
    assert main is not None
    census = Census(main=main._replace(pid=1, started=main.started + 1), family=[], neighbours={})
    assert judge(Address(*server.getsockname()), census) == str(main)


def test_another_app_is_a_stranger_whenever_it_came(server: socket.socket) -> None:
    census = Census(main=None, family=[], neighbours={os.getpid(): "shop"})
    verdict = judge(Address(*server.getsockname()), census)
    assert str(verdict).startswith("the app shop: ")


def test_who_has_a_port_is_named(server: socket.socket, port: int) -> None:
    assert who_has(server.getsockname()[1], NOBODYS) == str(procfs.look(os.getpid()))
    assert who_has(port, NOBODYS) == "another process"


def test_endpoints_are_those_of_the_family(server: socket.socket) -> None:
    stranger = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", "import socket; s = socket.create_server(('', 0)); print(s); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        assert endpoints(Census(main=None, family=[stranger.pid], neighbours={}))
        assert Address(*server.getsockname()) in endpoints(Census(None, [os.getpid()], {}))
        assert Address(*server.getsockname()) not in endpoints(Census(None, [stranger.pid], {}))
        stranger.communicate(b"\n")
