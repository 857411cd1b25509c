"""curl as a visitor of an app that sleeps."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blackbox.programs import program
from tests.blackbox.torpor_up import Torpor, answering


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    settings = {"engine": engine, "apps": {"app": answering("app", START_DELAY=0.3)}}
    with Torpor.up(tmp_path_factory.mktemp("curl"), settings) as running:
        yield running


@pytest.fixture(autouse=True)
def _asleep(torpor: Torpor) -> None:
    torpor.sleep("app")


def curl(torpor: Torpor, *arguments: str, path: str = "/") -> subprocess.CompletedProcess[str]:
    host, port = torpor.listen
    where = ["--noproxy", "*", "--resolve", f"app.localhost:{port}:{host}", f"http://app.localhost:{port}{path}"]
    command = [program("curl"), "-sS", "--max-time", "60", *arguments, *where]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done
    return done


def test_get_waits_for_the_app_and_gets_its_answer(torpor: Torpor) -> None:
    done = curl(torpor, "-i", path="/a?b=c")
    head, body = done.stdout.split("\n\n", 1)
    assert head.startswith("HTTP/1.1 200")
    assert json.loads(body)["target"] == "/a?b=c"


def test_head_has_headers_and_no_body(torpor: Torpor) -> None:
    head = curl(torpor, "--head").stdout
    assert head.startswith("HTTP/1.1 200")
    assert int(head.lower().partition("content-length:")[2].split()[0]) > 0


def test_expect_100_continue_is_answered_and_the_body_arrives(torpor: Torpor, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"0123456789" * 200_000)
    done = curl(torpor, "-v", "--expect100-timeout", "60", "-H", "Expect: 100-continue", "--data-binary", f"@{body}")
    assert "HTTP/1.1 100 Continue" in done.stderr
    assert json.loads(done.stdout)["length"] == 2_000_000


def test_a_chunked_upload_arrives(torpor: Torpor, tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b"0123456789" * 100_000)
    done = curl(torpor, "-H", "Transfer-Encoding: chunked", "-H", "Expect:", "-X", "POST", "-T", str(body))
    assert json.loads(done.stdout)["length"] == 1_000_000


def test_a_connection_is_kept_for_the_next_request(torpor: Torpor) -> None:
    first = f"http://app.localhost:{torpor.listen[1]}/first"
    each = ["-o", "/dev/null", "-w", "%{http_code} %{num_connects}\n"]
    done = curl(torpor, *each, first, *each, path="/second")
    assert done.stdout.splitlines() == ["200 1", "200 0"]
