"""The state directory: what HAProxy runs from, its sockets, and what a later proxy process needs to find it again.

It belongs to one user and one proxy process at a time: whoever can open the sockets in it commands HAProxy. Each life
of HAProxy has a directory of its own in it, so that one can begin while another still serves. Shared are door.sock,
where all ask, and again.sock, the way back from a refused connection, which the newest life takes.
"""

import contextlib
import fcntl
import json
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Self

LONGEST_SOCKET_PATH = 107
"""Bytes that the kernel takes."""
FACTS = "generation.json"

_PREFIX = "haproxy-"


class GenerationDirectory:
    """One life of HAProxy runs in here. Everything raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def number(self) -> int:
        """Rises from life to life."""
        return int(self.path.name.removeprefix(_PREFIX))

    @property
    def runtime_socket(self) -> Path:
        """The worker's own, for commands; a draining worker does not listen on it any more."""
        return self.path / "run.sock"

    @property
    def master_socket(self) -> Path:
        """The one of HAProxy's master process."""
        return self.path / "master.sock"

    def write(self, files: Mapping[str, str]) -> None:
        """Put files there, each whole or not at all."""
        for name, text in files.items():
            path = self.path / name
            path.parent.mkdir(exist_ok=True, mode=0o700)
            fresh = path.with_name(f"{path.name}.new")
            fresh.touch(0o600)  # some are keys
            fresh.write_text(text, "utf-8", newline="")
            fresh.replace(path)

    def remember(self, **facts: object) -> None:
        """Note more of what a later process needs to know of this life."""
        self.write({FACTS: json.dumps(self.recall() | facts)})

    def recall(self) -> dict[str, object]:
        """What was noted; nothing when that cannot be read."""
        try:
            facts = json.loads((self.path / FACTS).read_text())
        except (OSError, ValueError):
            return {}
        return facts if isinstance(facts, dict) else {}

    def remove_folder(self, name: str) -> None:
        """Nobody needs that folder any more."""
        shutil.rmtree(self.path / name, ignore_errors=True)

    def remove(self) -> None:
        """The life is over. Whoever is killed in the middle of this leaves what shows that it is ours to the last."""
        with contextlib.suppress(OSError):
            for path in self.path.iterdir():
                if path.is_dir():
                    self.remove_folder(path.name)
                elif path.name != FACTS:
                    path.unlink(missing_ok=True)
            (self.path / FACTS).unlink(missing_ok=True)
            self.path.rmdir()


class StateDirectory:
    """Use as a context manager: claimed on entry, released on exit. Everything raises OSError with words that help."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self._lock = -1

    @property
    def door_socket(self) -> Path:
        """Ours, for HAProxy's questions."""
        return self.path / "door.sock"

    def __enter__(self) -> Self:
        if len(os.fsencode(self._generation(99_999).master_socket)) > LONGEST_SOCKET_PATH:
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

    def generations(self) -> list[GenerationDirectory]:
        """Those of all lives that were not seen to end, oldest first."""
        found = [
            GenerationDirectory(path)
            for path in self.path.glob(f"{_PREFIX}*")
            if path.name.removeprefix(_PREFIX).isdecimal() and (path / FACTS).is_file()
        ]
        return sorted(found, key=lambda directory: directory.number)

    def new_generation(self, **facts: object) -> GenerationDirectory:
        """One for the next life."""
        number = 1 + max((directory.number for directory in self.generations()), default=0)
        made = self._generation(number)
        made.path.mkdir(mode=0o700, exist_ok=True)
        made.remember(**facts)
        return made

    def clear(self) -> None:
        """Every life is over: take away what is ours, and the directory if that was all."""
        for directory in self.generations():
            directory.remove()
        for name in ("again.sock", "door.sock", "lock"):
            (self.path / name).unlink(missing_ok=True)
        for path in (*self.path.glob(f"{_PREFIX}*"), self.path):
            with contextlib.suppress(OSError):  # somebody else has put something there
                path.rmdir()

    def _generation(self, number: int) -> GenerationDirectory:
        return GenerationDirectory(self.path / f"{_PREFIX}{number}")


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
