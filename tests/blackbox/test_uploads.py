"""Big uploads to a sleeping app: they arrive whole, and the proxy does not keep them in memory while it waits."""

import hashlib
import subprocess
from pathlib import Path

import pytest

from tests.blackbox.programs import program
from tests.blackbox.streams import PIECE, Stream
from tests.blackbox.torpor_up import Tell, Torpor, Up, answering

pytestmark = pytest.mark.timeout(300)  # starting and stopping Torpor is part of it

MIB = 1024 * 1024
MOST = 64 * MIB


def upload(torpor: Torpor, size: int, tell: Tell, within: float) -> None:
    before = torpor.moving()
    torpor.watch_moving()
    sent = Stream(size)

    reply = torpor.visit("app", "/", "PUT", headers={"Content-Length": str(size)}, body=sent, within=within)

    grown = torpor.moving_peak() - before
    tell(f"upload of {size // MIB} MiB to a sleeping app: the proxy's memory grew by {grown / MIB:.1f} MiB")
    assert reply.status == 200
    assert (reply.json()["length"], reply.json()["sha256"]) == (size, sent.digest.hexdigest())
    assert grown <= MOST


@pytest.mark.usefixtures("engine")
def test_200_mb_arrive_whole_at_a_sleeping_app(up: Up, tell: Tell) -> None:
    torpor = up({"apps": {"app": answering("app", START_DELAY=2)}})
    torpor.visit("app")  # what is loaded once is no growth
    torpor.sleep("app")
    upload(torpor, 200 * MIB, tell, within=100)


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("engine")
def test_1_gib_arrives_whole_at_a_sleeping_app(up: Up, tell: Tell) -> None:
    torpor = up({"apps": {"app": answering("app", START_DELAY=5)}})
    upload(torpor, 1024 * MIB, tell, within=500)


def test_ten_uploads_at_once_to_a_sleeping_app_are_bounded_in_memory(up: Up, tell: Tell, tmp_path: Path) -> None:
    torpor = up({"apps": {"app": answering("app", START_DELAY=3)}})
    before = torpor.moving()
    torpor.watch_moving()
    file = tmp_path / "upload"
    with file.open("wb") as upload_file:
        for _ in range(30 * MIB // len(PIECE)):
            upload_file.write(PIECE)
    host, port = torpor.listen
    url = f"http://{host}:{port}/"
    command = [
        program("curl"),
        "-sS",
        "--noproxy",
        "*",
        "-H",
        "Host: app.localhost",
        "-H",
        "Expect:",
        "-T",
        str(file),
        url,
    ]
    uploads = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(10)]
    answers = [process.communicate(timeout=100)[0] for process in uploads]
    digest = hashlib.sha256(file.read_bytes()).hexdigest().encode()
    assert all(digest in answer for answer in answers)
    grown = torpor.moving_peak() - before
    tell(f"10 uploads of 30 MiB at once to a sleeping app: the proxy's memory grew by {grown / MIB:.1f} MiB")
    assert grown <= MOST
