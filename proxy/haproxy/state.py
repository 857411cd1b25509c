"""The state directory: what HAProxy runs from, its sockets, and what a later proxy process needs to find it again.

It belongs to one user and one proxy process at a time: whoever can open the sockets in it commands HAProxy.
"""

import contextlib
import fcntl
import json
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

LONGEST_SOCKET_PATH = 90
"""Characters; the kernel takes 107, and HAProxy adds some while it binds."""


class StateDirectory:
    """Use as a context manager: claimed on entry, released on exit. Everything raises OSError with words that help."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock = -1

    @property
    def runtime_socket(self) -> Path:
        """HAProxy's own, for commands."""
        return self.path / "run.sock"

    @property
    def master_socket(self) -> Path:
        """The one of HAProxy's master process."""
        return self.path / "master.sock"

    @property
    def door_socket(self) -> Path:
        """Ours, for HAProxy's questions."""
        return self.path / "door.sock"

    def __enter__(self) -> Self:
        if len(str(self.runtime_socket)) > LONGEST_SOCKET_PATH:
            raise OSError(
                f"{self.path} is too long a path for a state directory: it holds sockets; choose a shorter one"
            )
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path.mkdir(exist_ok=True, mode=0o700)
        is_ours(self.path)
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise OSError(f"another proxy uses the state directory {self.path}") from None
        return self

    def __exit__(self, *exc: object) -> None:
        os.close(self._lock)

    def write(self, files: dict[str, str]) -> None:
        """Put files there, each whole or not at all."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(exist_ok=True, mode=0o700)
            fresh = path.with_name(f"{path.name}.new")
            fresh.touch(0o600)  # some are keys
            fresh.write_text(text, "utf-8", newline="")
            fresh.replace(path)

    def empty(self, folder: str) -> None:
        """Take away a folder and what `write` has put into it."""
        for file in (self.path / folder).glob("*.pem*"):
            file.unlink()
        with contextlib.suppress(OSError):  # it is not there
            (self.path / folder).rmdir()

    def clear_sockets(self) -> None:
        """Take away what an HAProxy that ended badly has left: nobody answers there."""
        for name in ("run.sock", "master.sock", "again.sock", "listeners.sock"):
            (self.path / name).unlink(missing_ok=True)

    def remember(self, facts: Mapping[str, object]) -> None:
        """Note what a later process needs to know of the HAProxy that runs."""
        self.write({"engine.json": json.dumps(facts)})

    def recall(self) -> dict[str, object]:
        """What an earlier process noted; nothing when it noted nothing that can be read."""
        try:
            facts = json.loads((self.path / "engine.json").read_text())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def clear(self, written: Iterable[str]) -> None:
        """HAProxy has ended in good order: take away these files and the sockets, and the directory if that was all."""
        for name in (*written, "engine.json", "run.sock", "master.sock", "again.sock", "door.sock", "lock"):
            (self.path / name).unlink(missing_ok=True)
        for folder in (*{(self.path / name).parent for name in written if "/" in name}, self.path):
            with contextlib.suppress(OSError):  # somebody else has put something there
                folder.rmdir()


def is_ours(path: Path) -> None:
    """Raise OSError unless this is a directory of our own that nobody else can enter, or put another in its place."""
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise OSError(f"{path} is no directory of this user's own; as a state directory it would let others in")
    if found.st_mode & 0o077:
        raise OSError(f"others may enter {path}; as a state directory it must be 0700 (chmod 700 {path})")
    for parent in path.resolve().parents:
        above = parent.stat()
        if above.st_uid not in (0, os.geteuid()):
            raise OSError(f"{parent} is another user's, who could put another directory in the place of {path}")
        if above.st_mode & stat.S_IWOTH and not above.st_mode & stat.S_ISVTX:
            raise OSError(f"everybody may write to {parent}, and put another directory in the place of {path}")


def default_directory(name: str) -> Path:
    """Where the state is kept unless somebody says otherwise: gone after a restart of the machine."""
    if runtime := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(runtime, "torpor", name)
    if os.geteuid() == 0 and Path("/run").is_dir():
        return Path("/run/torpor", name)
    return Path(f"/tmp/torpor-{os.geteuid()}", name)  # noqa: S108 - its owner and mode are checked before use
