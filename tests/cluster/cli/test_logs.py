"""What an app writes, followed through a real API server: over wakes, restarts, sleeps, and an API server that dies."""

import contextlib
import http.client
import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scaler.runtimes.kubernetes.api.cluster import DEADLINE
from tests.cluster.cli.conftest import TOKEN, User
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.asking import connected
from tests.cluster.torpor.running import Running
from tests.cluster.torpor.writing import WRITER, must_be_whole, runs, writing
from torpor.token import HEADER

LATER = 120.0
"""Seconds for a cluster that has to find itself again."""


def said(out: Path) -> list[dict[str, Any]]:
    """The lines so far."""
    whole = out.read_text().rpartition("\n")[0]
    return [json.loads(line) for line in whole.splitlines()]


@pytest.mark.timeout(400)
def test_all_that_an_app_writes_is_told_once_whatever_happens_on_the_way(
    breakable: Cluster, namespace: Space, user: User
) -> None:
    torpor, name = user.running, f"{namespace.name}/web"
    namespace.apply(*writing("web", environment={"START_DELAY_MS": 200}))
    torpor.wait_phase("web", "asleep")
    assert torpor.visit("web.test")[0] == 200
    first = namespace.pods("web")[0]["metadata"]["name"]
    with (
        user.running_command("logs", "-f", "--json", "--tail", "3", name, **TOKEN) as (following, out, err),
        user.running_command("logs", "--follow", "--tail", "3", name, **TOKEN) as (reading, text, _),
    ):
        until(lambda: out.stat().st_size and text.stat().st_size, LATER, "lines of what is awake")

        def told() -> dict[tuple[str, str], list[int]]:
            found = runs(said(out))
            must_be_whole(found, first)
            return found

        def goes_on() -> None:
            """Twenty lines more of whoever writes now."""
            before = len(said(out))
            until(lambda: len(said(out)) > before + 20, LATER, lambda: f"it goes on: {told()}")

        goes_on()
        torpor.sleep("web")
        until(lambda: namespace.gone("web"), LATER, "no pods")
        assert torpor.visit("web.test")[0] == 200
        new = namespace.pods("web")[0]["metadata"]["name"]
        until(lambda: sum(pod == new for pod, _ in told()) == 2, LATER, lambda: f"its writer starts again: {told()}")
        goes_on()
        assert any((line["pod"], line["container"]) == (new, "app") for line in said(out))

        breakable.part("apiserver").kill()
        until(lambda: "asking again" in err.read_text(), LATER, "the loss is told")
        breakable.part("apiserver").start()
        until(breakable.answers, LATER, "the API server")
        until(lambda: "connected again" in err.read_text(), LATER, "the connection is taken up again")
        goes_on()
        assert sum(pod == new for pod, _ in told()) == 2

        for process in (following, reading):
            process.send_signal(signal.SIGINT)
        assert [process.wait(timeout=LATER) for process in (following, reading)] == [0, 0]
        assert f"{new} {WRITER}: " in text.read_text()
        assert "\x1b" not in text.read_text(), "colours are for terminals"


@pytest.mark.timeout(300)
def test_two_readers_share_a_stream_that_waits_for_who_writes_nothing_and_ends_with_them(
    breakable: Cluster, namespace: Space, user: User
) -> None:
    namespace.apply(*writing("web", "echo quiet; nc -l -p 9000; echo at last; sleep 1000"))
    torpor = user.running
    torpor.wait_phase("web", "asleep")
    assert torpor.visit("web.test")[0] == 200
    pod = namespace.pods("web")[0]
    mark = breakable.audit.mark()

    def streams() -> list[bool]:
        """Of the writer's streams, whether each is over."""
        calls = breakable.audit.calls(since=mark, user=torpor.user, resource="pods/log", namespace=namespace.name)
        return [call.over for call in calls if "follow=true" in call.uri and f"container={WRITER}" in call.uri]

    with contextlib.ExitStack() as stack:
        readers = [stack.enter_context(followed(torpor, "web")) for _ in range(2)]
        time.sleep(DEADLINE + 2.0)  # longer than any other answer may take to begin
        breakable.network.connect((pod["status"]["podIP"], 9000), LATER).close()
        for reader in readers:
            while "now" in (line := json.loads(reader.readline())):
                pass
            assert (line["pod"], line["container"], line["line"]) == (pod["metadata"]["name"], WRITER, "at last")
        assert streams() in ([], [False]), "its beginning may be written down a little later"
    until(
        lambda: streams() == [True],
        LATER,
        lambda: f"one stream, which ends although its container goes on: {streams()}",
    )


@contextlib.contextmanager
def followed(torpor: Running, app: str) -> Iterator[http.client.HTTPResponse]:
    """A reader at the scaler itself, of what is written from now on."""
    connection = connected(torpor.cluster.network, torpor.scalers[0].address, LATER)
    with contextlib.closing(connection):
        path = f"/v1/apps/{torpor.space.name}/{app}/logs?follow=1&lines=0"
        connection.request("GET", path, headers={"Accept": "application/x-ndjson", HEADER: TOKEN["TORPOR_TOKEN"]})
        answer = connection.getresponse()
        assert "now" in json.loads(answer.readline())
        yield answer
