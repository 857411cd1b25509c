"""What a wake looks like while it takes, on a terminal."""

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi, app
from tests.torpor.cli.terminal import Terminal


async def test_a_spinner_shows_the_stage_and_is_gone_in_the_end(torpor: Torpor, api: FakeApi) -> None:
    api.stages = ["starting python3", "waiting for port 4123"]
    api.answers["POST /v1/apps/notes/wake"] = (200, app("notes", "awake"))
    terminal = Terminal(80, 24)
    await terminal.run(torpor, "wake", "notes", "--api", api.url)
    try:
        await terminal.see(lambda seen: "waking notes" in seen and "waiting for port 4123" in seen)
        api.release.set()
        seen = await terminal.see(lambda seen: "notes is awake after " in seen)
        assert "waking notes" not in seen
        assert await terminal.process.wait() == 0
    finally:
        terminal.hang_up()
