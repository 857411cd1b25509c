"""Logging for every process of Torpor: one line a record, in UTC, without control characters and without secrets."""

import json
import logging
import sys
from collections.abc import Collection
from typing import TextIO

from torpor.cli.say import about, iso_time, printable

OURS = ("torpor", "proxy", "addons", "scaler")
LONGEST = 4_000
"""Characters of one line; a visitor may choose some of them."""

NOISY = ("mitmproxy", "asyncio", "aiohttp", "hpack", "wsproto")
"""Libraries that say much at INFO; heard from WARNING on, or at DEBUG."""


class OneLine(logging.Formatter):
    """`2026-01-02T03:04:05.678Z notes awake after 1.2s`; from WARNING on with the level."""

    def __init__(self, secrets: Collection[str] = ()) -> None:
        super().__init__()
        self._secrets = [secret for secret in secrets if secret]

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        level = f"{record.levelname}: " if record.levelno >= logging.WARNING else ""
        return f"{iso_time(record.created)} {about(source(record), level + self.sentence(record))}"

    def sentence(self, record: logging.LogRecord) -> str:
        """The message with what was raised, on one line, secrets hidden."""
        text = record.getMessage()
        if record.exc_info and record.exc_info[1] is not None:
            text += f": {_raised(record.exc_info[1])}"
            if record.levelno >= logging.ERROR or logging.getLogger().level <= logging.DEBUG:
                text += " | " + " | ".join(self.formatException(record.exc_info).splitlines())
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        text = printable(text)
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class ForParent(OneLine):
    """A line of JSON for the `torpor up` that supervises this process; see `relay`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        return json.dumps({"level": record.levelno, "source": source(record), "text": self.sentence(record)})


def set_up(
    level: str | None, handler: logging.Handler | None = None, formatter: logging.Formatter | None = None
) -> None:
    """Send all records to the handler (default: standard error), and nowhere else."""
    handler = handler or logging.StreamHandler(_stderr())
    handler.setFormatter(formatter or OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel((level or "info").upper())
    for name in NOISY:
        logging.getLogger(name).setLevel(logging.NOTSET if level == "debug" else logging.WARNING)
    logging.captureWarnings(True)


def relay(line: str, logger: logging.Logger) -> None:
    """Log what a supervised process has written to its standard error: a line of `ForParent`, or anything."""
    try:
        said = json.loads(line)
        level, name, text = int(said["level"]), str(said["source"]), str(said["text"])
    except (ValueError, LookupError, TypeError):
        level, name, text = logging.WARNING, "proxy", line
    logger.log(level, "%s", text, extra={"source": name})


def source(record: logging.LogRecord) -> str:
    """Who speaks: the app where there is one, else the package or the library."""
    if named := getattr(record, "app", "") or getattr(record, "source", ""):
        return printable(str(named))
    package = record.name.partition(".")[0]
    return package if package in OURS else record.name


def _raised(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _stderr() -> TextIO:
    return sys.stderr
