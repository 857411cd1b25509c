"""The commands that ask a running Torpor."""

import json
from collections.abc import Iterator

import pytest

from tests.blackbox.torpor_up import Torpor, answering, command

APPS = {"good": answering("good"), "bad": {"hosts": ["bad.localhost"], "command": ["no-such-program"]}}


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Torpor]:
    with Torpor.up(tmp_path_factory.mktemp("commands"), {"apps": APPS}) as running:
        yield running


def test_wake_succeeds_with_0(torpor: Torpor) -> None:
    done = torpor.command("wake", "good")
    assert done.returncode == 0, done
    assert torpor.phase("good") == "awake"


def test_wake_fails_with_1_and_the_reason(torpor: Torpor) -> None:
    done = torpor.command("wake", "bad")
    assert done.returncode == 1, done
    assert "no-such-program" in done.stderr


def test_an_unknown_app_is_a_failure(torpor: Torpor) -> None:
    done = torpor.command("wake", "nobody")
    assert done.returncode == 1, done
    assert "nobody" in done.stderr


def test_apps_json_is_the_api_s(torpor: Torpor) -> None:
    done = torpor.command("apps", "--json")
    assert done.returncode == 0, done
    apps = {app["id"]: app for app in json.loads(done.stdout)["apps"]}
    assert apps.keys() == APPS.keys()
    fixed = {"id", "phase", "hosts", "last_access", "in_flight", "held", "idle_timeout", "sleeps_at", "replicas"}
    assert fixed | {"cause", "reason"} <= apps["good"].keys()
    assert apps["good"]["idle_timeout"] == 300


def test_sleep_puts_it_to_sleep(torpor: Torpor) -> None:
    assert torpor.visit("good").status == 200
    assert torpor.command("sleep", "good").returncode == 0
    assert torpor.phase("good") == "asleep"


def test_logs_print_what_the_app_said(torpor: Torpor) -> None:
    done = torpor.command("logs", "good")
    assert done.returncode == 0, done


def test_without_a_torpor_it_is_said_so(torpor: Torpor) -> None:
    done = command("apps", "--api", "http://127.0.0.1:1", cwd=torpor.directory)
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr


def test_wrong_usage_is_2(torpor: Torpor) -> None:
    assert torpor.command("wake").returncode == 2
    assert torpor.command("dance").returncode == 2
