"""A wake with visitors at the door: the app listens only when all are held and somebody has opened its gate."""

import asyncio
import contextlib
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.loads.crowd import Seen, crowd
from bench.torpor_up import HOST, TorporUp


class Gate(NamedTuple):
    """The directory that the app is told of; see bench/apps/gate.py."""

    directory: Path

    @property
    def starts(self) -> int:
        """How many processes of the app have come to the gate since it was last shut."""
        return len(list(self.directory.glob("start-*")))

    def open(self) -> None:
        """The app may listen."""
        (self.directory / "open").touch()

    def shut(self) -> None:
        """The next process waits again."""
        for file in self.directory.iterdir():
            file.unlink()


class Wake(NamedTuple):
    """What the visitors of one wake saw."""

    seen: Seen
    starts: int
    opened_at: float
    """Reading of the monotonic clock when the gate was opened."""
    held: int
    """How many were held then."""

    @property
    def listening_at(self) -> float:
        """When the app began to listen: by its own reading of the clock, or when the gate was opened."""
        with contextlib.suppress(ValueError):
            return float(json.loads(self.seen.body)["listening_at"])
        return self.opened_at

    @property
    def served(self) -> int:
        """Answers of 200."""
        return self.seen.statuses.get("200", 0)

    def first_bytes(self) -> list[float]:
        """Seconds from the app's listening to each first byte."""
        return [at - self.listening_at for at in self.seen.first_bytes]

    def release_seconds(self) -> float:
        """Seconds from the app's listening to the end of the last answer."""
        return self.seen.last - self.listening_at


@contextlib.contextmanager
def gate() -> Iterator[Gate]:
    """A gate, shut."""
    with tempfile.TemporaryDirectory(prefix="torpor-bench-") as directory:
        yield Gate(Path(directory))


def held_wake(torpor: TorporUp, gate: Gate, count: int, while_held: Callable[[], None] = lambda: None) -> Wake:
    """`count` visits to the sleeping app, `while_held` when all are held, then the gate opens."""
    with crowd(torpor.listen, HOST, count) as visitors:
        visitors.asked()
        held = asyncio.run(torpor.wait_held(count))
        while_held()
        opened_at = time.monotonic()
        gate.open()
        return Wake(visitors.seen(), gate.starts, opened_at, held)
