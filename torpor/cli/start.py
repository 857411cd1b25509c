"""Starts a run of `torpor up`: settings, limits, terminal and log, then the event loop."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from torpor.cli.everything import Everything
from torpor.cli.limits import raise_fd_limit
from torpor.cli.logs import OneLine, set_up
from torpor.cli.options import on_terminal
from torpor.cli.screen import Screen
from torpor.cli.supplied import settings_of

if TYPE_CHECKING:
    from torpor.cli.board import Board


def run_up(file: Path, *, ready_file: Path | None, log_level: str | None, hint: str = "") -> None:
    """Run until a signal ends it. Raises Failed and WrongConfiguration."""
    settings = settings_of(file)
    raise_fd_limit()
    screen = Screen(_board() if on_terminal() else None)
    run = Everything(settings, file, ready_file, screen, hint=hint)
    set_up(log_level or ("info" if screen.board is None else "warning"), screen, OneLine(run.secrets))
    screen.start()
    try:
        asyncio.run(run.run())
    finally:
        screen.finish()


def _board() -> "Board":
    from torpor.cli.board import Board

    return Board("Torpor starts …")
