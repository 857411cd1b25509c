"""What is asked of Torpor itself."""

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from tests.scaler.api.fake_control import FakeControl
from torpor.config import ConfigError
from torpor.yamlfile import Mistake


async def test_it_says_what_it_is(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.get(f"{url}/v1/info") as answer:
        assert await answer.json() == control.info()
        assert answer.headers["Cache-Control"] == "no-store"


async def test_it_says_what_it_saves(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    async with client.get(f"{url}/v1/savings") as answer:
        assert await answer.json() == await control.savings()


async def test_it_is_healthy_while_it_answers(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.missing = "no proxy is connected"
    async with client.get(f"{url}/healthz") as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


async def test_it_is_ready_or_says_what_is_missing(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    async with client.get(f"{url}/readyz") as answer:
        assert (answer.status, await answer.text()) == (200, "ready\n")
    control.missing = "no proxy is connected"
    async with client.get(f"{url}/readyz") as answer:
        assert answer.status == 503
        assert (await answer.json())["detail"] == "Not ready: no proxy is connected."


async def test_a_reload_says_what_changed(client: aiohttp.ClientSession, url: str) -> None:
    async with client.post(f"{url}/v1/reload") as answer:
        assert answer.status == 200
        assert await answer.json() == {"added": ["wiki"], "changed": [], "removed": [], "restart_needed": []}


async def test_a_reload_of_a_wrong_file_names_every_mistake(
    client: aiohttp.ClientSession, url: str, control: FakeControl
) -> None:
    control.failure = ConfigError("torpor.yaml", [Mistake(3, "hosts: no"), Mistake(None, "and more")])
    async with client.post(f"{url}/v1/reload") as answer:
        assert answer.status == 422
        problem = await answer.json()
    assert problem["detail"] == "torpor.yaml:3: hosts: no\ntorpor.yaml: and more"
    assert problem["mistakes"] == [{"line": 3, "message": "hosts: no"}, {"line": None, "message": "and more"}]


async def test_metrics_are_for_prometheus(client: aiohttp.ClientSession, url: str, control: FakeControl) -> None:
    control.metrics.requests("notes", "fast", "forwarded", 3)
    async with client.get(f"{url}/metrics") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        families = {family.name: family for family in text_string_to_metric_families(await answer.text())}
    assert families["torpor_requests"].samples[0].value == 3
    assert "process_open_fds" in families
    async with client.get(f"{url}/metrics", headers={"Accept": "application/openmetrics-text"}) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert (await answer.text()).endswith("# EOF\n")
