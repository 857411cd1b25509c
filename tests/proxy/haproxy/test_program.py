"""Which HAProxy will do, told by what it says of itself."""

import sys
from pathlib import Path

import pytest

from proxy.haproxy import program
from proxy.haproxy.program import find_program

LUA = "Feature list : +EPOLL +LUA +OPENSSL"


def put(directory: Path, said: str) -> str:
    """A program that says so; its path."""
    file = directory / "haproxy"
    file.write_text(f"#!{sys.executable}\nimport sys\nassert sys.argv[1:] == ['-vv']\nprint({said!r})\n")
    file.chmod(0o700)
    return str(file)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("HAProxy version 2.6.0 2022/05/31 - https://haproxy.org/", "2.6.0"),
        ("HAProxy version 2.6.12-1+deb12u2 2025/04/22 - https://haproxy.org/", "2.6.12"),
        ("HA-Proxy version 2.10.1", "2.10.1"),
        ("HAProxy version 3.3-dev4-abc 2025/07/01", "3.3"),
    ],
)
def test_2_6_and_what_is_later_will_do(tmp_path: Path, said: str, version: str) -> None:
    path = put(tmp_path, f"{said}\n{LUA}")
    assert find_program(path) == (path, version)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (f"HAProxy version 2.5.14\n{LUA}", "is HAProxy 2.5.14; Torpor needs 2.6 or later"),
        (f"HA-Proxy version 1.8.19\n{LUA}", "is HAProxy 1.8.19; Torpor needs 2.6 or later"),
        ("HAProxy version 2.6.12\nFeature list : +EPOLL -LUA", "was built without Lua, which Torpor needs"),
        ("something else", "does not say what version of HAProxy it is"),
        ("", "does not say what version of HAProxy it is"),
    ],
)
def test_why_another_will_not_do_is_said(tmp_path: Path, said: str, why: str) -> None:
    path = put(tmp_path, said)
    with pytest.raises(OSError, match=why) as caught:
        find_program(path)
    assert str(caught.value).startswith(path)


def test_one_that_does_not_answer_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "PATIENCE", 0.2)
    file = tmp_path / "haproxy"
    file.write_text("#!/bin/sh\nexec sleep 60\n")
    file.chmod(0o700)
    with pytest.raises(OSError, match="does not say what version it is"):
        find_program(str(file))


def test_it_is_found_where_distributions_put_it_though_that_is_not_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path, f"HAProxy version 2.6.12\n{LUA}")
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(program, "_ELSEWHERE", str(tmp_path))
    assert find_program() == (path, "2.6.12")


def test_one_that_is_not_installed_is_said_with_what_to_do() -> None:
    with pytest.raises(OSError, match=r"HAProxy is not installed \(on Debian: apt install haproxy\)"):
        find_program("no-such-haproxy")
