"""The live view for any size of terminal."""

import io

import pytest
from rich.console import Console

from scaler.bus import Event
from scaler.status import AppStatus
from torpor.cli.board import Board
from torpor.words import Address, Phase

NOW = 1_700_000_000.0
LISTEN = Address("127.0.0.1", 8080)


def status(name: str, phase: Phase = Phase.ASLEEP, **more: object) -> AppStatus:
    usual: dict[str, object] = {
        "id": name,
        "phase": phase,
        "hosts": (f"{name}.localhost",),
        "last_access": None,
        "in_flight": 0,
        "held": 0,
        "idle_timeout": 300.0,
        "sleeps_at": None,
        "replicas": 0,
        "cause": "",
        "reason": "",
    }
    return AppStatus(**usual | more)  # type: ignore[arg-type]  # the members are checked by the class itself


def board(*apps: AppStatus) -> Board:
    made = Board("Torpor starts …")
    made.begin("Torpor", LISTEN, apps)
    return made


def drawn(board: Board, width: int = 120, height: int = 24) -> list[str]:
    console = Console(file=io.StringIO(), width=width, height=height, highlight=False, color_system=None)
    console.print(board.frame(NOW, width, height))
    assert isinstance(console.file, io.StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_an_app_is_shown_with_what_it_does() -> None:
    notes = status("notes", Phase.AWAKE, in_flight=2, held=1, last_access=NOW - 12, sleeps_at=NOW + 90)
    title, counts, heading, row = drawn(board(notes))
    assert title == "Torpor"
    assert counts == "1 awake · Ctrl-C ends it"
    assert heading.split()[0] == "app"
    assert row.split() == ["notes", "awake", "2", "1", "12s", "ago", "1m30s", "http://notes.localhost:8080"]


def test_a_failed_app_shows_why_and_a_waking_one_what_it_waits_for() -> None:
    lines = drawn(
        board(
            status("a", Phase.FAILED, reason="command not found\x1b[2J"),
            status("b", Phase.WAKING, stage="waiting for port 4123"),
        )
    )
    assert lines[3].endswith("command not found\\x1b[2J")
    assert lines[4].endswith("waiting for port 4123")


@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 9, 24, 60])
@pytest.mark.parametrize("width", [20, 80, 200])
def test_ten_thousand_apps_fit_any_terminal(width: int, height: int) -> None:
    full = board(*(status(f"app-{number}") for number in range(10_000)))
    for number in range(20):
        full.take(Event(number, NOW, "phase", status(f"app-{number}"), "is asleep: idle " + "x" * 300))
    lines = drawn(full, width, height)
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_of_many_apps_the_most_recent_are_shown_and_all_are_counted() -> None:
    full = board(*(status(f"app-{number}", last_access=NOW - number) for number in range(10_000)))
    full.take(Event(1, NOW, "phase", status("app-9000", Phase.WAKING), "app-9000 is waking"))
    lines = drawn(full, height=12)
    assert lines[1].startswith("9,999 asleep · 1 waking ·")
    assert [line.split()[0] for line in lines[3:6]] == ["app-9000", "app-0", "app-1"]
    assert "… and 9,994 more" in lines


def test_few_apps_keep_their_places() -> None:
    few = board(status("b"), status("a"))
    few.take(Event(1, NOW, "activity", status("a", Phase.AWAKE, in_flight=1), ""))
    assert [line.split()[0] for line in drawn(few)[3:]] == ["b", "a"]


def test_the_last_events_are_shown_and_activity_is_none() -> None:
    shown = board(status("a"))
    for number in range(20):
        shown.take(Event(number, NOW - 20 + number, "phase", status("a"), f"event {number}"))
    shown.take(Event(20, NOW, "activity", status("a"), "busy"))
    lines = drawn(shown)
    assert [line.split("ago  ")[1] for line in lines if "ago  " in line] == [f"a event {n}" for n in range(14, 20)]


def test_a_removed_app_goes_and_is_counted_no_more() -> None:
    shown = board(status("a"), status("b"))
    shown.take(Event(1, NOW, "removed", status("a"), "a is gone"))
    lines = drawn(shown)
    assert lines[1].startswith("1 asleep")
    assert not any(line.startswith("a ") for line in lines)
