"""Signals as people mean them: the first asks for a good end, the second for any end; SIGHUP reads the file again."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable


def stop_on_signals(stop: asyncio.Event, at_once: Callable[[], None]) -> None:
    """Set `stop` on SIGTERM or SIGINT. The next one calls `at_once` and ends the process with exit code 1."""

    def asked() -> None:
        if not stop.is_set():
            stop.set()
            return
        at_once()
        os._exit(1)

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, asked)


def reload_on_hangup(reload: asyncio.Event, stop: asyncio.Event) -> None:
    """Set `reload` on SIGHUP; set `stop` when it comes because our terminal has been closed."""
    had_terminal = _terminal()

    def hung_up() -> None:
        (stop if had_terminal and not _terminal() else reload).set()

    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, hung_up)


def _terminal() -> bool:
    """Whether standard output is a terminal that is still there."""
    try:
        os.tcgetpgrp(sys.stdout.fileno())
    except (OSError, ValueError):
        return False
    return True
