"""What the live view of `torpor up` shows: a frame for any size of terminal, from what was heard so far.

The event loop feeds it, the screen's thread draws it; the lock is held for as long as it takes to copy.
"""

import heapq
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from torpor.cli.say import COLOURS, about, ago, printable, until
from torpor.cli.urls import app_url
from torpor.words import Address, AppId, Phase

if TYPE_CHECKING:
    from scaler.bus import Event
    from scaler.status import AppStatus

EVENTS = 6
"""Events shown at the bottom, where there is room."""
HEADER = 2


@dataclass(frozen=True, slots=True)
class _Said:
    at: float
    app: AppId
    text: str


class Board:
    """Apps, counts and the last events."""

    def __init__(self, title: str) -> None:
        self._lock = Lock()
        self._title = title
        self._note = "Ctrl-C ends it"
        self._listen: Address | None = None
        self._apps: dict[AppId, AppStatus] = {}
        self._phases: Counter[Phase] = Counter()
        self._said: deque[_Said] = deque(maxlen=EVENTS)
        self._chosen: tuple[int, list[AppStatus]] | None = None
        """How much room there was and what was shown in it, as long as nothing has changed."""

    def begin(self, title: str, listen: Address, apps: Iterable["AppStatus"]) -> None:
        """Set the heading and the apps as they are now."""
        with self._lock:
            self._title, self._listen = title, listen
            for status in apps:
                self._set(status)

    def note(self, text: str) -> None:
        """What Torpor itself is doing."""
        with self._lock:
            self._note = text

    def take(self, event: "Event") -> None:
        """Take in what happened."""
        with self._lock:
            if event.what == "removed":
                self._drop(event.status.id)
            else:
                self._set(event.status)
            if event.what != "activity" and event.text:
                self._said.append(_Said(event.at, event.status.id, event.text))

    def _set(self, status: "AppStatus") -> None:
        self._chosen = None
        self._drop(status.id, keep_place=True)
        self._apps[status.id] = status
        self._phases[status.phase] += 1

    def _drop(self, app: AppId, *, keep_place: bool = False) -> None:
        self._chosen = None
        if (old := self._apps.get(app)) is not None:
            self._phases[old.phase] -= 1
            if not keep_place:
                del self._apps[app]

    def frame(self, now: float, width: int, height: int) -> RenderableType:
        """The view, in at most `height` lines."""
        with self._lock:
            events = list(self._said)[-max(0, min(EVENTS, height - HEADER - 5)) :] if height > HEADER + 5 else []
            shown = self._choose(max(1, height - HEADER - 1 - (len(events) + 1 if events else 0)))
            title, note, listen = self._title, self._note, self._listen
            more, phases = len(self._apps) - len(shown), self._phases.copy()
        parts: list[RenderableType] = [
            _line(title, "bold"),
            Text(" · ", style="dim", overflow="ellipsis", no_wrap=True).join(
                [*(Text(f"{phases[p]:,} {p}", style=COLOURS[p]) for p in Phase if phases[p]), Text(note, style="dim")]
            ),
            _table(shown, now, width, listen),
        ]
        if more:
            parts.append(_line(f"… and {more:,} more", "dim"))
        if events:
            parts += [_line("", ""), *(_said_line(one, now) for one in events)]
        return Group(*parts[: max(1, height)])

    def _choose(self, room: int) -> list["AppStatus"]:
        """The apps that fit: all, or those that something happened to most recently."""
        if self._chosen is None or self._chosen[0] != room:
            apps = list(self._apps.values())
            self._chosen = room, apps if len(apps) <= room else heapq.nlargest(room - 1, apps, key=_recent)
        return self._chosen[1]


def _recent(status: "AppStatus") -> tuple[bool, float]:
    return status.phase is not Phase.ASLEEP, max(status.last_access or 0.0, status.since or 0.0)


def _table(apps: list["AppStatus"], now: float, width: int, listen: Address | None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), show_edge=False, header_style="dim", width=width)
    table.add_column("app", no_wrap=True, overflow="ellipsis", ratio=3)
    table.add_column("phase", no_wrap=True, min_width=8)
    table.add_column("in flight", no_wrap=True, justify="right", min_width=9)
    table.add_column("held", no_wrap=True, justify="right", min_width=5)
    table.add_column("last access", no_wrap=True, justify="right", min_width=11)
    table.add_column("sleeps in", no_wrap=True, justify="right", min_width=9)
    if roomy := width >= 100:
        table.add_column("where, why", no_wrap=True, overflow="ellipsis", ratio=5)
    for status in apps:
        row = [
            Text(printable(status.id)),
            Text(status.phase, style=COLOURS[status.phase]),
            Text(str(status.in_flight or "")),
            Text(str(status.held or "")),
            Text(ago(status.last_access, now)),
            Text("would sleep" if status.shadow_since is not None else until(status.sleeps_at, now)),
        ]
        table.add_row(*row, *([_where(status, listen)] if roomy else []))
    return table


def _where(status: "AppStatus", listen: Address | None) -> Text:
    if status.phase is Phase.FAILED:
        return Text(printable(status.reason), style="red")
    if status.phase is Phase.WAKING and status.stage:
        return Text(printable(status.stage), style="yellow")
    return Text(printable(app_url(status.hosts, listen)) if listen else "", style="dim")


def _said_line(said: _Said, now: float) -> Text:
    line = _line(f"{ago(said.at, now):>10}  ", "dim")
    return line.append(printable(about(said.app, said.text)), style="not dim")


def _line(text: str, style: str) -> Text:
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")
