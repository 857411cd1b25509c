"""Apps over REST, as a client meets them."""

import asyncio

import aiohttp
import pytest

from scaler.api.apps import nearest
from scaler.errors import NotManaged, SleepRefused, WakeFailed
from tests.scaler.api.fake_control import FakeControl, an_app, until
from torpor.words import Phase


async def test_all_apps_are_listed(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.get(f"{url}/v1/apps") as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        assert await answer.json() == {"apps": [status.to_json() for status in control.statuses()]}


async def test_no_apps_are_an_empty_list(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.apps.clear()
    async with client.get(f"{url}/v1/apps") as answer:
        assert await answer.json() == {"apps": []}


async def test_ten_thousand_apps_are_listed_while_others_are_answered(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.apps = {name: an_app(name) for name in (f"team/app-{n}" for n in range(10_000))}
    async with asyncio.TaskGroup() as group:
        listing = group.create_task(client.get(f"{url}/v1/apps"))
        async with client.get(f"{url}/healthz") as well:
            assert well.status == 200
    async with listing.result() as answer:
        assert len((await answer.json())["apps"]) == 10_000


@pytest.mark.parametrize("path", ["team/shop", "team%2Fshop", "team%2fshop", "t%65am/shop"])
async def test_the_slash_of_an_id_may_be_a_slash_or_encoded(client: aiohttp.ClientSession, url: str, path: str) -> None:
    from yarl import URL

    async with client.get(URL(f"{url}/v1/apps/{path}", encoded=True)) as answer:
        assert (await answer.json())["id"] == "team/shop"
    async with client.post(URL(f"{url}/v1/apps/{path}/wake", encoded=True)) as answer:
        assert (await answer.json())["phase"] == "awake"


async def test_a_wake_answers_when_the_app_is_awake(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.may_end.clear()
    async with asyncio.TaskGroup() as group:
        waking = group.create_task(client.post(f"{url}/v1/apps/notes/wake", headers={"User-Agent": "torpor/1"}))
        await control.asked.wait()
        assert not waking.done()
        control.may_end.set()
    async with waking.result() as answer:
        assert answer.status == 200
        assert (await answer.json())["phase"] == "awake"
    cause = control.causes[0]
    assert (cause.kind, cause.method, cause.path) == ("operator", "POST", "/v1/apps/notes/wake")
    assert (cause.user_agent, cause.client) == ("torpor/1", "127.0.0.1")
    assert str(cause) == "operator: over the API from 127.0.0.1 (torpor/1)"


async def test_a_wake_that_fails_says_why_and_when_to_try_again(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.failure = WakeFailed("command not found: pyhton3", retry_in=3.2)
    async with client.post(f"{url}/v1/apps/notes/wake") as answer:
        assert answer.status == 502
        assert answer.content_type == "application/problem+json"
        assert answer.headers["Retry-After"] == "4"
        problem = await answer.json()
    assert problem["reason"] == "command not found: pyhton3"
    assert problem["retry_in"] == 3.2
    assert problem["detail"] == "notes did not wake: command not found: pyhton3"


async def test_a_client_that_leaves_does_not_cancel_the_wake(url: str, control: FakeControl) -> None:
    control.may_end.clear()
    host, port = url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /v1/apps/notes/wake HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await control.asked.wait()
    writer.transport.abort()
    async with aiohttp.ClientSession() as other, other.get(f"{url}/healthz") as well:
        assert well.status == 200  # the server has run its loop since
    control.may_end.set()
    await until(lambda: control.ended == ["notes"])
    assert control.apps["notes"].phase is Phase.AWAKE


async def test_a_sleep_answers_when_the_app_is_asleep(client: aiohttp.ClientSession, url: str) -> None:
    async with client.post(f"{url}/v1/apps/team/shop/sleep") as answer:
        assert answer.status == 200
        assert (await answer.json())["phase"] == "asleep"


async def test_a_sleep_that_is_called_off_says_why(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.failure = SleepRefused("2 in flight, 0 held")
    async with client.post(f"{url}/v1/apps/notes/sleep") as answer:
        assert answer.status == 409
        problem = await answer.json()
    assert problem["reason"] == "2 in flight, 0 held"
    assert problem["detail"] == "notes was not put to sleep: 2 in flight, 0 held"


@pytest.mark.parametrize("path", ["/v1/apps/notse", "/v1/apps/notse/logs"])
async def test_an_unknown_app_is_answered_with_near_names(client: aiohttp.ClientSession, url: str, path: str) -> None:
    async with client.get(url + path) as answer:
        assert answer.status == 404
        problem = await answer.json()
    assert problem["detail"] == "There is no app 'notse'. Near it: notes."
    assert problem["near"] == ["notes"]


async def test_an_unknown_app_cannot_be_woken(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.post(f"{url}/v1/apps/shop/wake") as answer:
        assert answer.status == 404
        assert (await answer.json())["near"] == ["team/shop"]
    assert not control.causes


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("GET", "notes/wake", "POST"),
        ("GET", "team/shop/sleep", "POST"),
        ("POST", "notes", "GET, HEAD"),
        ("DELETE", "team/shop", "GET, HEAD"),
        ("POST", "notes/logs", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_the_right_one(
    client: aiohttp.ClientSession, url: str, method: str, path: str, allow: str
) -> None:
    async with client.request(method, f"{url}/v1/apps/{path}") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == allow
        assert answer.content_type == "application/problem+json"


async def test_apps_that_are_named_like_verbs_can_be_reached(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.apps = {name: an_app(name) for name in ("team/wake", "team/logs", "wake")}
    async with client.get(f"{url}/v1/apps/team/logs") as answer:
        assert (await answer.json())["id"] == "team/logs"
    async with client.post(f"{url}/v1/apps/team/wake/wake") as answer:
        assert (await answer.json())["id"] == "team/wake"
    async with client.post(f"{url}/v1/apps/wake/wake") as answer:
        assert (await answer.json())["id"] == "wake"
    async with client.post(f"{url}/v1/apps/team/wake") as answer:
        assert answer.status == 405


def test_nearest_names_are_found_among_very_many() -> None:
    names = sorted(f"team-{n % 50}/app-{n}" for n in range(10_000))
    assert "team-7/app-5007" in nearest("team-7/app-5007x", names)
    assert nearest("app-123", names)[0] == "team-23/app-123"
    assert nearest("x" * 100_000, names) == []


@pytest.mark.parametrize("verb", ["wake", "sleep"])
async def test_what_torpor_only_forwards_to_can_neither_be_woken_nor_put_to_sleep(
    client: aiohttp.ClientSession, url: str, control: FakeControl, verb: str
) -> None:
    control.failure = NotManaged()
    async with client.post(f"{url}/v1/apps/notes/{verb}") as answer:
        assert answer.status == 409
        assert answer.content_type == "application/problem+json"
        assert "only forwards visits to it" in (await answer.json())["detail"]
