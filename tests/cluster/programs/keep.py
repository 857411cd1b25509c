"""Keeps what takes minutes to make for as long as what it was made of stays the same."""

import fcntl
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

KEPT = 3
"""So many makings of one thing stay: several checkouts may share a cache."""


def cache() -> Path:
    """Where CI keeps what it has made, and `make` with it."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("TORPOR_CI_CACHE") or Path(home) / "torpor-ci").absolute()


def key(parts: Iterable[str | bytes]) -> str:
    """A short name for what something is made of."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


def kept(name: str, made_of: str, make: Callable[[Path], None]) -> Path:
    """The directory that `make` fills, from the cache if it is there. Whoever comes meanwhile waits for the first.

    It appears under its name when it is whole; a making that was cut off leaves nothing that counts.
    """
    root = cache() / "cluster"
    place = root / f"{name}-{made_of}"
    if place.is_dir():
        os.utime(place)
        return place
    root.mkdir(parents=True, exist_ok=True)
    with (root / f"{name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if place.is_dir():
            return place
        for half in root.glob(f"{name}.half-*"):
            shutil.rmtree(half)
        half = Path(tempfile.mkdtemp(prefix=f"{name}.half-", dir=root))
        half.chmod(0o755)
        make(half)
        half.rename(place)
        newest_last = sorted(root.glob(f"{name}-*"), key=lambda made: made.stat().st_mtime)
        for old in newest_last[:-KEPT]:
            shutil.rmtree(old)
    return place


def say(line: str) -> None:
    """Progress, for whoever waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()
