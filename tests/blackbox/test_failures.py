"""Apps that do not start: the visitor learns why, others notice nothing, and the next visit tries again."""

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.torpor_up import Settings, Tell, Torpor, Up, answering, wait

BROWSER = {"Accept": "text/html,*/*", "Sec-Fetch-Mode": "navigate", "User-Agent": "Mozilla/5.0 Firefox/140.0"}


def running(name: str, *command: str, **more: object) -> Settings:
    return {"hosts": [f"{name}.localhost"], "command": list(command), **more}


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    directory = tmp_path_factory.mktemp("failures")
    (directory / "logs" / "mute.log").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as other:
        apps = {
            "good": answering("good"),
            "nowhere": running("nowhere", "no-such-program-anywhere", "{port}"),
            "brief": running("brief", sys.executable, "-c", "exit('the cat ate the configuration')"),
            "deaf": running("deaf", sys.executable, "-c", "import time; time.sleep(600)", wake_timeout="2s"),
            "late": answering("late", port=other.getsockname()[1]),
            "mute": answering("mute"),
        }
        with Torpor.up(directory, {"engine": engine, "log_directory": "logs", "apps": apps}) as running_torpor:
            yield running_torpor


def must_tell(torpor: Torpor, tell: Tell, bad: str, *words: str) -> None:
    """A program gets problem JSON and a person a page, both with the reason, and soon; another app is not touched."""
    began = time.monotonic()
    problem = torpor.visit(bad)
    tell(f"a visitor learns within {(time.monotonic() - began) * 1000:.0f} ms: {problem.json()['reason'][:80]}")
    assert problem.status == 502, problem
    assert problem.headers["Content-Type"] == "application/problem+json"
    assert problem.headers["Torpor-Phase"] == "failed"
    assert int(problem.headers["Retry-After"]) >= 1
    assert all(word in problem.json()["detail"] for word in words), problem

    def a_page_tells() -> bool:
        page = torpor.visit(bad, headers=BROWSER)
        assert page.status in (502, 503), page
        assert page.headers["Content-Type"].startswith("text/html")
        return all(word in page.body.decode() for word in words)

    wait(a_page_tells)  # it may try again, and is the waiting page while that lasts
    assert torpor.visit("good").status == 200
    told = torpor.rest("POST", f"/v1/apps/{bad}/wake")
    assert told.status == 502
    assert all(word in told.json()["detail"] for word in words), told


def test_a_command_that_does_not_exist(torpor: Torpor, tell: Tell) -> None:
    must_tell(torpor, tell, "nowhere", "no-such-program-anywhere")


def test_a_program_that_exits_at_once(torpor: Torpor, tell: Tell) -> None:
    must_tell(torpor, tell, "brief", "the cat ate the configuration")


def test_a_program_that_never_listens(torpor: Torpor, tell: Tell) -> None:
    must_tell(torpor, tell, "deaf", "2s")
    wait(lambda: torpor.app("deaf")["replicas"] == 0)


def test_a_port_that_is_taken_already(torpor: Torpor, tell: Tell) -> None:
    must_tell(torpor, tell, "late", str(torpor.settings["apps"]["late"]["port"]), "taken")


def test_a_log_that_cannot_be_written(torpor: Torpor, tell: Tell) -> None:
    must_tell(torpor, tell, "mute", "mute.log")


def test_a_log_directory_that_cannot_be(up: Up, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no directory")
    torpor = up({"log_directory": "file/logs", "apps": {"bad": answering("bad")}})
    reply = torpor.visit("bad")
    assert reply.status == 502
    assert "log" in reply.json()["detail"]
    assert torpor.rest("GET", "/healthz").status == 200


@pytest.mark.parametrize("headers", [{}, BROWSER], ids=["program", "person"])
@pytest.mark.usefixtures("engine")
def test_the_next_visit_after_the_back_off_tries_again(up: Up, tmp_path: Path, headers: dict[str, str]) -> None:
    needed = tmp_path / "needed"
    torpor = up({"apps": {"app": answering("app", NEEDS_FILE=needed)}})
    first = torpor.visit("app", headers=headers)
    assert first.status == 502 if not headers else first.status in (502, 503)
    if headers:  # the waiting page, if it takes long to fail
        wait(lambda: b"is missing" in torpor.visit("app", headers=headers).body)
    else:
        assert b"is missing" in first.body
    needed.touch()
    wait(lambda: torpor.visit("app", headers=headers).status == 200)
