"""A wake with visitors at the door: the app listens only when all are held and somebody has opened its gate."""

import asyncio
import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from bench.torpor_up import HOST, LONGEST, TorporUp
from bench.visits import Answer, crowd


class Gate(NamedTuple):
    """The directory that bench/backend.py is told of."""

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

    answers: list[Answer]
    starts: int

    @property
    def listening_at(self) -> float:
        """When the app began to listen, by its own clock reading."""
        return float(next(answer for answer in self.answers if answer.status == 200).json()["listening_at"])

    @property
    def served(self) -> int:
        """Answers of 200."""
        return sum(answer.status == 200 for answer in self.answers)

    def first_bytes(self) -> list[float]:
        """Seconds from the app's listening to each first byte."""
        return [answer.first_byte - self.listening_at for answer in self.answers]

    def release_seconds(self) -> float:
        """Seconds from the app's listening to the end of the last answer."""
        return max(answer.complete for answer in self.answers) - self.listening_at


@contextlib.contextmanager
def gate() -> Iterator[Gate]:
    """A gate, shut."""
    with tempfile.TemporaryDirectory(prefix="torpor-bench-") as directory:
        yield Gate(Path(directory))


async def held_wake(torpor: TorporUp, gate: Gate, count: int, while_held: Callable[[], None] = lambda: None) -> Wake:
    """`count` visits to the sleeping app, `while_held` when all are held, then the gate opens."""
    async with asyncio.timeout(LONGEST), asyncio.TaskGroup() as group:
        visitors = group.create_task(crowd(torpor.listen, "/moment", host=HOST, count=count))
        await torpor.wait_held(count)
        while_held()
        gate.open()
    return Wake(visitors.result(), gate.starts)
