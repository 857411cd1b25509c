"""One at a time may make a cluster of a name, or clear it away."""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.rig import namespaces
from tests.cluster.rig.place import Place, home


@contextlib.contextmanager
def claimed(place: Place, *, wait: bool = True) -> Iterator[None]:
    """For the length of the block. Raises BlockingIOError where somebody else has it and `wait` is not wanted."""
    home().mkdir(mode=0o700, parents=True, exist_ok=True)
    file = home() / f"{place.name}.lock"
    while True:
        with file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
            if not _is(file, lock.fileno()):
                continue  # whoever had it before has removed it
            yield
            if not place.directory.exists():
                file.unlink()
            return


def clear(place: Place) -> None:
    """Remove what a cluster that is over has left, for whoever has claimed it."""
    namespaces.sweep(place.cgroup)
    shutil.rmtree(place.directory, ignore_errors=True)


def _is(file: Path, descriptor: int) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(file.stat(), os.fstat(descriptor))
    return False
