"""The crowd counts what it gets."""

import json
from collections.abc import Iterator

import pytest

from bench.contenders.contender import wait_listening
from bench.loads.crowd import crowd
from bench.processes import module
from tests.ports import own_port


@pytest.fixture
def port() -> Iterator[int]:
    port = own_port()
    with module("bench.apps.moment", str(port)) as process:
        wait_listening(("127.0.0.1", port), lambda: process.poll() is None, str)
        yield port


def test_every_visitor_is_answered(port: int) -> None:
    with crowd(("127.0.0.1", port), "app.localhost", 500) as visitors:
        visitors.asked()
        seen = visitors.seen()
    assert seen.statuses == {"200": 500}
    assert len(seen.first_bytes) == 500
    assert json.loads(seen.body)["listening_at"] < min(seen.first_bytes) <= max(seen.first_bytes) <= seen.last


def test_whom_nobody_answers_is_counted_too() -> None:
    with crowd(("127.0.0.1", own_port()), "app.localhost", 3) as visitors:
        visitors.asked()
        assert visitors.seen().statuses == {"none": 3}
