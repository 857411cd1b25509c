"""What a command that takes a while is doing: a spinner with the latest stage on a terminal, a line each elsewhere."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from torpor.cli.say import printable
from torpor.duration import format_duration

if TYPE_CHECKING:
    from rich.status import Status


class Progress:
    """Used as a context; what it draws is gone afterwards. Written to standard error."""

    def __init__(self, title: str, *, animated: bool, silent: bool = False) -> None:
        self._title = title
        self._silent = silent
        self._said = ""
        self._began = time.monotonic()
        self._status: Status | None = None
        if animated:
            from rich.console import Console

            self._status = Console(stderr=True, highlight=False).status(title)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    def say(self, stage: str) -> None:
        """Show a new stage; the same one again is no news."""
        if stage == self._said or self._silent:
            return
        self._said = stage
        if self._status is None:
            click.echo(printable(stage), err=True)
        self.turn()

    def turn(self) -> None:
        """Bring the time that it has taken up to date."""
        if self._status is None:
            return
        from rich.text import Text

        stage = f" · {printable(self._said)}" if self._said else ""
        self._status.update(Text(f"{self._title} · {format_duration(int(self.elapsed))}{stage}", overflow="ellipsis"))

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        elif not self._silent:
            click.echo(self._title, err=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._status is not None:
            self._status.stop()
            sys.stderr.flush()
