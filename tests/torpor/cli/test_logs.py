"""Log lines: one a record, harmless, without secrets."""

import json
import logging

import pytest

from torpor.cli.logs import LONGEST, ForParent, OneLine, relay


def record(message: str, level: int = logging.INFO, name: str = "proxy.doorman", **more: object) -> logging.LogRecord:
    made = logging.LogRecord(name, level, __file__, 1, message, None, None)
    made.created = 1767323045.678
    made.__dict__.update(more)
    return made


def test_a_line_has_time_source_and_sentence() -> None:
    assert OneLine().format(record("linked")) == "2026-01-02T03:04:05.678Z proxy linked"


def test_an_apps_event_stands_under_its_name() -> None:
    assert OneLine().format(record("awake after 0.4s", app="notes")).endswith("Z notes awake after 0.4s")


def test_the_level_is_told_when_it_matters() -> None:
    assert OneLine().format(record("oh", logging.WARNING, "mitmproxy.proxy")).endswith("Z mitmproxy.proxy WARNING: oh")


def test_a_record_is_one_line_and_moves_no_cursor() -> None:
    line = OneLine().format(record("GET /\r\n2026 forged\x1b[2J"))
    assert line.endswith("GET /\\r\\n2026 forged\\x1b[2J")


def test_secrets_are_hidden() -> None:
    assert OneLine(["hush-hush", ""]).format(record("token hush-hush")).endswith("proxy token [secret]")


def test_a_line_is_bounded() -> None:
    assert len(OneLine().format(record("x" * 1_000_000))) < LONGEST + 100


def test_what_was_raised_is_on_the_same_line() -> None:
    try:
        raise ValueError("two\nlines")
    except ValueError as error:
        line = OneLine().format(record("it broke", logging.ERROR, exc_info=(ValueError, error, error.__traceback__)))
    assert "ERROR: it broke: ValueError: two\\nlines | Traceback" in line
    assert "\n" not in line


def test_a_childs_record_comes_through_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    line = ForParent().format(record("linked", logging.WARNING))
    assert json.loads(line) == {"level": 30, "source": "proxy", "text": "linked"}
    relay(line, logging.getLogger("torpor.cli.child"))
    assert [(one.levelno, one.getMessage(), one.__dict__["source"]) for one in caplog.records] == [
        (30, "linked", "proxy")
    ]


@pytest.mark.parametrize("line", ["plain", "[1, 2]", '{"level": "x", "source": "", "text": ""}', "\x1b[2J"])
def test_anything_else_a_child_says_is_a_warning(line: str, caplog: pytest.LogCaptureFixture) -> None:
    relay(line, logging.getLogger("torpor.cli.child"))
    assert [(one.levelno, one.getMessage()) for one in caplog.records] == [(logging.WARNING, line)]
