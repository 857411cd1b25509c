"""What a reload did, in one sentence; and the reloads that SIGHUP asks for."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from torpor.cli.say import printable

if TYPE_CHECKING:
    from scaler.reload_report import ReloadReport

log = logging.getLogger(__name__)

SHOWN = 10
"""Names of each kind; more are counted."""


def summary(report: Mapping[str, Any]) -> str:
    """The report of a reload (`added`, `changed`, `removed`, `restart_needed`: lists of names) for people."""
    parts = [f"{kind}: {_names(report[kind])}" for kind in ("added", "changed", "removed") if report.get(kind)]
    said = f"reloaded; {'; '.join(parts)}" if parts else "reloaded; no app has changed"
    if report.get("restart_needed"):
        said += f"; takes effect after a restart only: {_names(report['restart_needed'])}"
    return printable(said)


async def reload_when_asked(
    reload: "Callable[[], Awaitable[ReloadReport]]", asked: asyncio.Event, say: Callable[[str], None]
) -> None:
    """Reload whenever `asked` is set, until cancelled. A file with mistakes changes nothing and is logged."""
    from torpor.config import ConfigError  # here: `torpor reload` does without

    while True:
        await asked.wait()
        asked.clear()
        try:
            report = await reload()
        except ConfigError as error:
            for line in str(error).splitlines():
                log.error("nothing has changed: %s", line)
        else:
            say(summary(report.to_json()))


def _names(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
