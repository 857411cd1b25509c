"""A changed torpor.yaml, taken without touching awake apps that did not change."""

import signal
from collections.abc import Callable

import pytest

from tests.blackbox.torpor_up import Torpor, Up, answering, wait


def by_signal(torpor: Torpor) -> None:
    torpor.process.send_signal(signal.SIGHUP)


def by_rest(torpor: Torpor) -> None:
    reply = torpor.rest("POST", "/v1/reload")
    assert reply.status == 200, reply


def by_command(torpor: Torpor) -> None:
    done = torpor.command("reload")
    assert done.returncode == 0, done


@pytest.mark.parametrize("reload", [by_signal, by_rest, by_command])
def test_an_unchanged_app_keeps_its_process_and_a_new_one_appears(up: Up, reload: Callable[[Torpor], None]) -> None:
    torpor = up({"apps": {"same": answering("same"), "other": answering("other"), "old": answering("old")}})
    same, other = (torpor.visit(name).json()["pid"] for name in ("same", "other"))
    torpor.settings["apps"] = {
        "same": answering("same"),
        "other": answering("other", VERSION=2),
        "new": answering("new"),
    }
    torpor.write()

    reload(torpor)

    wait(lambda: torpor.visit("new").status == 200)
    assert torpor.visit("same").json()["pid"] == same
    wait(lambda: torpor.visit("other").json()["pid"] != other)
    assert torpor.visit("old").status == 404
    assert torpor.rest("GET", "/v1/apps/old").status == 404


def test_a_mistake_in_the_file_changes_nothing(up: Up) -> None:
    torpor = up({"apps": {"app": answering("app")}})
    pid = torpor.visit("app").json()["pid"]
    torpor.settings["apps"]["app"]["idle_timeout"] = "soon"
    torpor.write()
    done = torpor.command("reload")
    assert done.returncode == 1
    assert "soon" in done.stderr
    torpor.process.send_signal(signal.SIGHUP)
    wait(lambda: "soon" in torpor.said())
    assert torpor.visit("app").json()["pid"] == pid
