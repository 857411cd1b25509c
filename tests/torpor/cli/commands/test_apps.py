"""`torpor apps` against an API."""

import json

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi, app


async def test_the_apps_are_listed_with_what_they_do(torpor: Torpor, api: FakeApi) -> None:
    api.apps = [
        app("notes", "awake", in_flight=2, last_access="2026-01-02T03:04:05.678Z"),
        app("slow", "failed", reason="command not found"),
        app("team/clock", "waking", stage="waiting for port 4123", held=3),
    ]
    ended = await torpor("apps", "--api", api.url)
    assert ended.code == 0, ended.err
    heading, *rows = ended.out.splitlines()
    assert heading.split() == ["APP", "PHASE", "IN", "FLIGHT", "HELD", "LAST", "ACCESS", "SLEEPS", "IN", "HOSTS"]
    assert rows[0].split()[:4] == ["notes", "awake", "2", "0"]
    assert "slow.localhost  (command not found)" in rows[1]
    assert "never" in rows[2]
    assert rows[2].endswith("team/clock.localhost  (waiting for port 4123)")


async def test_when_an_app_is_deleted_is_listed_where_there_is_one(torpor: Torpor, api: FakeApi) -> None:
    api.apps = [app("notes"), app("review", expires_at="2126-01-02T03:04:05.678Z")]
    heading, *rows = (await torpor("apps", "--api", api.url)).out.splitlines()
    assert "EXPIRES IN" in heading
    assert rows[0].split()[-2] == "-"
    assert rows[1].split()[-2].endswith("h")


async def test_json_is_what_the_api_said(torpor: Torpor, api: FakeApi) -> None:
    api.apps = [app("notes")]
    ended = await torpor("apps", "--json", TORPOR_API=api.url)
    assert json.loads(ended.out) == {"apps": api.apps}


async def test_no_apps_is_said_so(torpor: Torpor, api: FakeApi) -> None:
    assert "There are no apps" in (await torpor("apps", "--api", api.url)).out


async def test_what_a_visitor_sent_cannot_move_the_cursor(torpor: Torpor, api: FakeApi) -> None:
    api.apps = [app("notes", "failed", reason="a\x1b[2Jb\u202ec\nd")]
    ended = await torpor("apps", "--api", api.url)
    assert "a\\x1b[2Jb\\u202ec\\nd" in ended.out
    assert "\x1b" not in ended.out


async def test_nobody_there_is_told_with_what_to_do(torpor: Torpor) -> None:
    ended = await torpor("apps", "--api", "http://127.0.0.1:9")
    assert ended.code == 1
    assert ended.err == "torpor: nothing answers at http://127.0.0.1:9; is `torpor up` running?\n"


async def test_something_else_there_is_told(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps"] = (200, "<html>a router</html>")
    ended = await torpor("apps", "--api", api.url)
    assert ended.code == 1
    assert "is not Torpor's API" in ended.err
    assert "Traceback" not in ended.err


async def test_a_list_that_is_none_is_told(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps"] = (200, {"apps": [{"name": "notes"}]})
    ended = await torpor("apps", "--api", api.url)
    assert ended.code == 1
    assert "is not Torpor's API" in ended.err
    assert "Traceback" not in ended.err


async def test_in_shadow_mode_it_is_told_that_it_would_sleep(torpor: Torpor, api: FakeApi) -> None:
    api.apps = [app("notes", "awake", mode="shadow", shadow_since="2026-01-02T03:04:05.678Z")]
    assert "would sleep" in (await torpor("apps", "--api", api.url)).out
