"""`torpor logs` against an API."""

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi


async def test_the_last_lines_are_printed_and_cannot_move_the_cursor(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps/notes/logs"] = (200, "listening\n\x1b[31mred\x07\n")
    ended = await torpor("logs", "notes", "-n", "2", "--api", api.url)
    assert (ended.code, ended.out) == (0, "listening\n\\x1b[31mred\\x07\n")
    assert api.asked == ["GET /v1/apps/notes/logs?lines=2"]


async def test_an_app_that_never_ran_has_no_lines(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps/notes/logs"] = (200, "")
    ended = await torpor("logs", "notes", "--api", api.url)
    assert (ended.code, ended.out) == (0, "")
    assert ended.err == "torpor: nothing is left of what notes has written, if it has.\n"
