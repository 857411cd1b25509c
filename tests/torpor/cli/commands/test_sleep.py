"""`torpor sleep` against an API."""

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi, app

SLEEP = "POST /v1/apps/notes/sleep"


async def test_an_app_is_put_to_sleep(torpor: Torpor, api: FakeApi) -> None:
    api.answers[SLEEP] = (200, app("notes"))
    ended = await torpor("sleep", "notes", "--api", api.url)
    assert (ended.code, ended.out) == (0, "notes is asleep.\n")


async def test_an_app_in_use_stays_awake_and_it_says_why(torpor: Torpor, api: FakeApi) -> None:
    api.answers[SLEEP] = (409, {"detail": "2 visits are in flight"})
    ended = await torpor("sleep", "notes", "--api", api.url)
    assert (ended.code, ended.err) == (1, "torpor: 2 visits are in flight\n")
