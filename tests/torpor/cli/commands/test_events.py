"""`torpor events` against an API."""

import json
import signal

from tests.torpor.cli.command import Torpor, ended
from tests.torpor.cli.fake_api import FakeApi, event


async def test_each_event_is_a_line_with_time_app_and_sentence(torpor: Torpor, api: FakeApi) -> None:
    api.events = [event("notes", "waking: GET / from 127.0.0.1 (curl\x1b[0m)"), event("notes", "awake after 0.4s")]
    end = await torpor("events", "--no-follow", "-n", "7", "--api", api.url)
    assert end.code == 0, end.err
    assert end.out.splitlines() == [
        "2026-01-02T03:04:05.678Z notes waking: GET / from 127.0.0.1 (curl\\x1b[0m)",
        "2026-01-02T03:04:05.678Z notes awake after 0.4s",
    ]
    assert api.asked == ["GET /v1/events?recent=7&follow=0"]


async def test_events_that_are_missing_are_told(torpor: Torpor, api: FakeApi) -> None:
    api.events = [{"lost": 12}, event("notes", "awake after 0.4s")]
    end = await torpor("events", "--no-follow", "--api", api.url)
    assert end.out.startswith("(12 events are missing here")


async def test_what_has_no_sentence_is_for_programs_only(torpor: Torpor, api: FakeApi) -> None:
    api.events = [event("notes", "", what="changed")]
    assert (await torpor("events", "--no-follow", "--api", api.url)).out == ""
    end = await torpor("events", "--no-follow", "--json", "--api", api.url)
    assert json.loads(end.out)["what"] == "changed"


async def test_activity_is_for_programs_only(torpor: Torpor, api: FakeApi) -> None:
    api.events = [event("notes", "2 in flight", what="activity")]
    assert (await torpor("events", "--no-follow", "--api", api.url)).out == ""
    end = await torpor("events", "--no-follow", "--json", "--api", api.url)
    assert json.loads(end.out) == api.events[0]


async def test_ctrl_c_is_the_good_end_of_following(torpor: Torpor, api: FakeApi) -> None:
    api.stages = ["starting python3"]
    following = await torpor.start("events", "--api", api.url)
    assert following.stdout is not None
    assert b"starting python3" in await following.stdout.readline()
    following.send_signal(signal.SIGINT)
    assert (await ended(following)).code == 0
