"""What HAProxy and Torpor say to each other is nobody else's: another user of the machine really tries.

Where the tests do not run as root nobody can be played, and the modes alone are looked at.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.haproxy.state import StateDirectory, default_directory, is_ours
from tests.engines.street import street
from tests.wire import App

NOBODY = 65534
BURGLAR = """
import json, os, socket, sys
from pathlib import Path

os.setgroups([])
os.setgid(65534)
os.setuid(65534)
house = Path(sys.argv[1])
files = ("haproxy-1/haproxy.cfg", "haproxy-1/generation.json", "lock")

def attempt(deed):
    try:
        return f"done: {deed()}"
    except OSError as error:
        return type(error).__name__

def knock(name):
    with socket.socket(socket.AF_UNIX) as door:
        door.connect(str(house / name))

print(json.dumps({
    "is nobody": str(os.getuid()),
    "list": attempt(lambda: os.listdir(house)),
    "write": attempt(lambda: (house / "haproxy-1" / "haproxy.cfg").write_text("x")),
    "rename": attempt(lambda: house.rename(house.with_name("other"))),
    "remove": attempt(lambda: house.rmdir()),
} | {f"read {name}": attempt(lambda: (house / name).read_text()) for name in files}
  | {f"knock at {name}": attempt(lambda: knock(name)) for name in sys.argv[2:]}))
"""


@pytest.fixture
def open_place(state: Path) -> Iterator[Path]:
    """Where everybody may go in, as in /tmp."""
    state.chmod(0o1777)
    yield state
    state.chmod(0o700)


async def test_another_user_reaches_no_socket_and_no_file(open_place: Path) -> None:
    house = open_place / "proxy"
    async with App() as app, street("haproxy", house) as here:
        await here.awake(app)
        assert (await here.get()).body == b"hello"
        sockets = sorted(str(path.relative_to(house)) for path in house.rglob("*.sock"))
        assert {"haproxy-1/run.sock", "haproxy-1/master.sock", "again.sock", "door.sock"} <= set(sockets)
        assert house.stat().st_mode & 0o777 == 0o700
        assert all((house / name).stat().st_mode & 0o077 == 0 for name in sockets)
        if os.geteuid() == 0:
            burglar = [sys.executable, "-I", "-c", BURGLAR, str(house), *sockets]
            done = await asyncio.to_thread(
                subprocess.run, burglar, capture_output=True, cwd="/", timeout=30, check=True
            )
            told = json.loads(done.stdout)
            assert told.pop("is nobody") == str(NOBODY)
            assert set(told.values()) == {"PermissionError"}, told
            assert len(told) == 7 + len(sockets)


def test_a_link_in_its_place_is_not_followed(open_place: Path) -> None:
    (open_place / "elsewhere").mkdir(mode=0o700)
    (open_place / "proxy").symlink_to(open_place / "elsewhere")
    with pytest.raises(OSError, match="no directory of this user's own"), StateDirectory(open_place / "proxy"):
        pass


def test_a_file_in_its_place_is_refused(open_place: Path) -> None:
    (open_place / "proxy").touch(mode=0o600)
    with pytest.raises(OSError, match="File exists"), StateDirectory(open_place / "proxy"):
        pass


def test_a_place_where_everybody_may_move_it_is_refused(open_place: Path) -> None:
    open_place.chmod(0o777)
    with pytest.raises(OSError, match=f"everybody may write to {open_place}"), StateDirectory(open_place / "proxy"):
        pass


def test_a_link_in_the_place_of_its_lock_is_not_followed(open_place: Path) -> None:
    (open_place / "proxy").mkdir(mode=0o700)
    (open_place / "proxy" / "lock").symlink_to(open_place / "precious")
    with pytest.raises(OSError, match="symbolic link"), StateDirectory(open_place / "proxy"):
        pass
    assert not (open_place / "precious").exists()


def test_the_default_place_is_a_runtime_directory(monkeypatch: pytest.MonkeyPatch, open_place: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(open_place / "user"))
    with StateDirectory(default_directory("proxy")) as made:
        assert made.path == open_place / "user" / "torpor" / "proxy"
        is_ours(made.path)


if os.geteuid() == 0:

    def test_what_another_user_has_put_there_before_is_refused(open_place: Path) -> None:
        for taken in (open_place / "proxy", open_place / "torpor-0"):
            taken.mkdir(mode=0o700)
            os.chown(taken, NOBODY, NOBODY)
        with pytest.raises(OSError, match="no directory of this user's own"), StateDirectory(open_place / "proxy"):
            pass
        with pytest.raises(OSError, match="is another user's"), StateDirectory(open_place / "torpor-0" / "proxy"):
            pass
