"""`torpor wake` against an API."""

import json

from tests.torpor.cli.command import Torpor, ended
from tests.torpor.cli.fake_api import FakeApi, app

WAKE = "POST /v1/apps/notes/wake"


async def test_the_stages_are_told_while_it_takes(torpor: Torpor, api: FakeApi) -> None:
    api.stages = ["starting python3", "waiting for port 4123"]
    api.answers[WAKE] = (200, app("notes", "awake"))
    waking = await torpor.start("wake", "notes", "--api", api.url)
    assert waking.stderr is not None
    said = [(await waking.stderr.readline()).decode().strip() for _ in range(3)]
    assert said == ["waking notes", *api.stages]
    assert waking.returncode is None
    api.release.set()
    assert (await ended(waking)).out.startswith("notes is awake after ")
    assert waking.returncode == 0


async def test_a_wake_that_fails_ends_with_the_reason(torpor: Torpor, api: FakeApi) -> None:
    api.answers[WAKE] = (502, {"status": 502, "detail": "notes: command not found: pyhton3"})
    end = await torpor("wake", "notes", "--api", api.url)
    assert end.code == 1
    assert "torpor: notes: command not found: pyhton3\n" in end.err
    assert end.out == ""


async def test_it_can_do_without_the_stream_of_events(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/events"] = (500, {"detail": "out of order"})
    api.answers[WAKE] = (200, app("notes", "awake"))
    assert (await torpor("wake", "notes", "--api", api.url)).code == 0


async def test_an_unknown_app_ends_with_the_near_names_that_the_api_says(torpor: Torpor, api: FakeApi) -> None:
    api.answers["POST /v1/apps/note/wake"] = (404, {"detail": "there is no app 'note'; did you mean notes?"})
    end = await torpor("wake", "note", "--api", api.url)
    assert (end.code, end.err.splitlines()[-1]) == (1, "torpor: there is no app 'note'; did you mean notes?")


async def test_json_is_the_app_and_nothing_else_is_said(torpor: Torpor, api: FakeApi) -> None:
    api.stages = ["starting python3"]
    api.release.set()
    api.answers[WAKE] = (200, app("notes", "awake"))
    end = await torpor("wake", "notes", "--json", "--api", api.url)
    assert json.loads(end.out) == app("notes", "awake")
    assert end.err == ""


async def test_the_slash_of_a_name_stays_a_slash_and_nothing_else_does(torpor: Torpor, api: FakeApi) -> None:
    api.answers["POST /v1/apps/team/notes/wake"] = (200, app("team/notes", "awake"))
    assert (await torpor("wake", "team/notes", "--api", api.url)).code == 0
    assert (await torpor("wake", "a?b#c", "--api", api.url)).code == 1
    assert "POST /v1/apps/a%3Fb%23c/wake" in api.asked


async def test_it_does_not_wait_for_ever(torpor: Torpor, api: FakeApi) -> None:
    api.stages = ["starting python3"]
    end = await torpor("wake", "notes", "--timeout", "300ms", "--api", api.url)
    assert end.code == 1
    assert "has not answered in full within 0.3s" in end.err


async def test_a_timeout_that_is_none_is_wrong_usage(torpor: Torpor) -> None:
    end = await torpor("wake", "notes", "--timeout", "soon")
    assert end.code == 2
    assert "a duration such as 500ms, 30s, 5m" in end.err
