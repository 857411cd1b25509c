"""`torpor events` against an API."""

import json

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi, event


async def test_each_event_is_a_line_with_time_app_and_sentence(torpor: Torpor, api: FakeApi) -> None:
    api.events = [event("notes", "waking: GET / from 127.0.0.1 (curl\x1b[0m)"), event("notes", "awake after 0.4s")]
    ended = await torpor("events", "--no-follow", "-n", "7", "--api", api.url)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines() == [
        "2026-01-02T03:04:05.678Z notes waking: GET / from 127.0.0.1 (curl\\x1b[0m)",
        "2026-01-02T03:04:05.678Z notes awake after 0.4s",
    ]
    assert api.asked == ["GET /v1/events?recent=7&follow=0"]


async def test_events_that_are_missing_are_told(torpor: Torpor, api: FakeApi) -> None:
    api.events = [{"lost": 12}, event("notes", "awake after 0.4s")]
    ended = await torpor("events", "--no-follow", "--api", api.url)
    assert ended.out.startswith("(12 events are missing here")


async def test_activity_is_for_programs_only(torpor: Torpor, api: FakeApi) -> None:
    api.events = [event("notes", "2 in flight", what="activity")]
    assert (await torpor("events", "--no-follow", "--api", api.url)).out == ""
    ended = await torpor("events", "--no-follow", "--json", "--api", api.url)
    assert json.loads(ended.out) == api.events[0]
