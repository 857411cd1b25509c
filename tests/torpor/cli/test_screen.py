"""The live view on a terminal, as a person sees it."""

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.running import FILE, visit
from tests.torpor.cli.terminal import Terminal

CURSOR_OFF, CURSOR_ON = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
async def terminal() -> AsyncIterator[Terminal]:
    made = Terminal(110, 24)
    yield made
    if made.process.returncode is None:
        made.process.kill()
        await made.process.wait()
    made.hang_up()


async def test_an_app_is_watched_from_asleep_to_awake(torpor: Torpor, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    ready = tmp_path / "ready.json"
    await terminal.run(torpor, "up", "--ready-file", str(ready))
    await terminal.see(lambda seen: "1 asleep" in seen and ready.exists())
    listen = json.loads(ready.read_text())["listen"]
    assert await visit(listen, "files.localhost") == 200
    seen = await terminal.see(lambda seen: "1 awake" in seen and "files is awake" in seen)
    assert f"visitors http://{listen}" in seen
    row = next(line for line in seen.splitlines() if line.startswith("files "))
    assert row.split()[:2] == ["files", "awake"]
    assert row.rstrip().endswith(f"http://files.localhost:{listen.partition(':')[2]}")
    assert "files is waking: GET / from 127.0.0.1 (Python-urllib" in seen
    terminal.type("\x03")
    assert await terminal.process.wait() == 0
    seen = await terminal.see(lambda seen: "good night" in seen and CURSOR_ON in terminal.raw)
    assert "1 awake" not in seen
    assert "\x1b[?1049h" not in terminal.raw


async def test_it_is_drawn_four_times_a_second_at_most(torpor: Torpor, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    ready = tmp_path / "ready.json"
    await terminal.run(torpor, "up", "--ready-file", str(ready))
    await terminal.see(lambda seen: "1 asleep" in seen and ready.exists())
    listen = json.loads(ready.read_text())["listen"]
    before, began = terminal.raw.count("Ctrl-C ends it"), time.monotonic()
    for _ in range(40):
        assert await visit(listen, "files.localhost") == 200
    frames, taken = terminal.raw.count("Ctrl-C ends it") - before, time.monotonic() - began
    assert frames <= 4 * taken + 2


async def test_colours_can_be_refused(torpor: Torpor, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    await terminal.run(torpor, "up", NO_COLOR="1")
    await terminal.see(lambda seen: "1 asleep" in seen)
    assert "\x1b[34m" not in terminal.raw


async def test_a_terminal_that_cannot_move_its_cursor_gets_lines(
    torpor: Torpor, terminal: Terminal, tmp_path: Path
) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    await terminal.run(torpor, "up", TERM="dumb")
    await terminal.see(lambda seen: "files: http://files.localhost" in seen)
    assert "\x1b" not in terminal.raw


async def test_a_terminal_that_is_closed_ends_it(torpor: Torpor, terminal: Terminal, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text(FILE)
    await terminal.run(torpor, "up")
    await terminal.see(lambda seen: "1 asleep" in seen)
    terminal.hang_up()
    assert await terminal.process.wait() == 0
