"""`torpor reload` against an API."""

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi

RELOAD = "POST /v1/reload"


async def test_it_says_what_changed(torpor: Torpor, api: FakeApi) -> None:
    report = {"added": ["b"], "changed": [], "removed": ["c", "d"], "restart_needed": ["listen"]}
    api.answers[RELOAD] = (200, report)
    ended = await torpor("reload", "--api", api.url)
    assert ended.out == "reloaded; added: b; removed: c, d; takes effect after a restart only: listen\n"


async def test_no_change_is_said_so(torpor: Torpor, api: FakeApi) -> None:
    api.answers[RELOAD] = (200, {"added": [], "changed": [], "removed": [], "restart_needed": []})
    assert (await torpor("reload", "--api", api.url)).out == "reloaded; no app has changed\n"


async def test_a_broken_file_is_told_with_its_line(torpor: Torpor, api: FakeApi) -> None:
    api.answers[RELOAD] = (422, {"detail": "torpor.yaml:3: unknown setting 'hots'\ntorpor.yaml:5: too deep"})
    ended = await torpor("reload", "--api", api.url)
    assert ended.code == 1
    assert ended.err == "torpor: torpor.yaml:3: unknown setting 'hots'\ntorpor.yaml:5: too deep\n"
