"""`torpor logs` against an API."""

import json
import signal
from typing import Any

import pytest

from tests.torpor.cli.command import Torpor, ended
from tests.torpor.cli.fake_api import FakeApi, line

NOW = {"now": "2026-01-02T03:04:00.000000000Z"}


def encoded(*said: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(one)}\n" for one in said)


async def test_lines_cannot_disturb_the_terminal(torpor: Torpor, api: FakeApi) -> None:
    said = encoded(line(1, "listening"), line(2, "\x1b[31mred\x07"))
    api.answers["GET /v1/apps/notes/logs"] = (200, said)
    end = await torpor("logs", "notes", "-n", "2", "--api", api.url)
    assert (end.code, end.out) == (0, "listening\n\\x1b[31mred\\x07\n")
    assert api.asked == ["GET /v1/apps/notes/logs?lines=2"]


async def test_in_a_cluster_each_line_says_whose_it_is(torpor: Torpor, api: FakeApi) -> None:
    said = encoded(line(1, "one", pod="web-1"), line(2, "two", pod="web-2"))
    api.answers["GET /v1/apps/shop/web/logs"] = (200, said)
    end = await torpor("logs", "shop/web", "--api", api.url)
    assert end.out == "web-1 app: one\nweb-2 app: two\n"
    end = await torpor("logs", "shop/web", "--json", "--api", api.url)
    assert end.out == said


async def test_the_token_goes_along(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps/notes/logs"] = (200, "")
    await torpor("logs", "notes", "--api", api.url, TORPOR_TOKEN="a token")
    await torpor("logs", "-f", "notes", "--api", api.url, TORPOR_TOKEN="a token")
    assert api.tokens == ["Bearer a token"] * 2


@pytest.mark.parametrize("more", [[], ["-f"]])
async def test_without_it_where_it_is_needed_what_it_takes_is_said_and_nothing_is_tried_again(
    torpor: Torpor, api: FakeApi, more: list[str]
) -> None:
    api.answers["GET /v1/apps/notes/logs"] = (401, {"status": 401, "detail": "An app's output takes the token."})
    end = await torpor("logs", *more, "notes", "--api", api.url)
    assert (end.code, end.err.count("\n")) == (1, 1)
    assert "takes the token; the token is taken from TORPOR_TOKEN" in end.err


async def test_nothing_is_told_as_nothing(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps/notes/logs"] = (200, "")
    end = await torpor("logs", "notes", "--api", api.url)
    assert (end.code, end.out) == (0, "")
    assert "nothing is left of what notes has written" in end.err


async def test_following_goes_on_until_ctrl_c_over_lost_connections_and_tells_no_line_twice(
    torpor: Torpor, api: FakeApi
) -> None:
    lines = [line(second, f"line {second}") for second in range(20, 25)]
    api.logs = [[NOW, *lines[:2]], [], [NOW, *lines[:4]], [NOW, *lines[2:], {"lost": 3}]]
    following = await torpor.start("logs", "-f", "--tail", "7", "notes", "--api", api.url)
    assert following.stdout is not None
    said = [await following.stdout.readline() for _ in lines]
    assert b"".join(said).decode().splitlines() == [one["line"] for one in lines]
    assert following.stderr is not None
    told = [await following.stderr.readline() for _ in range(5)]
    following.send_signal(signal.SIGINT)
    end = await ended(following)
    assert (end.code, end.out, end.err) == (0, "", "")
    assert [b"asking again" in one for one in told] == [True, False, True, False, False], told
    assert told[1] == b"torpor: connected again\n"
    assert told[4] == b"torpor: 3 lines are missing here: they came faster than they were read\n"
    assert api.asked[0] == "GET /v1/apps/notes/logs?follow=1&lines=7"
    assert api.asked[1] == api.asked[2] == "GET /v1/apps/notes/logs?follow=1&lines=0&since=2026-01-02T03:04:11.000000Z"


async def test_json_is_followed_as_json(torpor: Torpor, api: FakeApi) -> None:
    said = [line(1, "one"), {"lost": 3}, line(2, "two")]
    api.logs = [[NOW, *said]]
    following = await torpor.start("logs", "-f", "--json", "notes", "--api", api.url)
    assert following.stdout is not None
    assert [json.loads(await following.stdout.readline()) for _ in said] == said
    following.send_signal(signal.SIGINT)
    assert (await ended(following)).code == 0


@pytest.mark.parametrize("more", [[], ["--json"]])
async def test_an_app_that_is_not_there_is_not_waited_for(torpor: Torpor, api: FakeApi, more: list[str]) -> None:
    end = await torpor("logs", "-f", "notes", *more, "--api", api.url)
    assert (end.code, end.out) == (1, "")
    assert "there is nothing at /v1/apps/notes/logs" in end.err


async def test_one_that_goes_while_it_is_followed_ends_that(torpor: Torpor, api: FakeApi) -> None:
    api.logs = [[NOW, line(1, "one")], [NOW]]
    following = await torpor.start("logs", "-f", "notes", "--api", api.url)
    assert following.stdout is not None
    await following.stdout.readline()
    api.logs.clear()
    end = await ended(following)
    assert end.code == 1
    assert "there is nothing at" in end.err.splitlines()[-1]


async def test_where_nobody_answers_nothing_is_waited_for(torpor: Torpor) -> None:
    end = await torpor("logs", "-f", "notes", "--api", "http://127.0.0.1:9")
    assert end.code == 1
    assert "nothing answers at" in end.err
