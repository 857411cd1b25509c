"""Apps that nobody here wrote, each asleep until the first request."""

import hashlib
import json
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.blackbox.programs import known_app
from tests.blackbox.streams import Stream
from tests.blackbox.torpor_up import Settings, Up

pytestmark = pytest.mark.timeout(300)  # starting and stopping Torpor is part of it

MIB = 1024 * 1024
SHARE = 200 * MIB
TOKEN = "a-token-of-jupyter"


def one_app(name: str, *command: str, **more: Any) -> Settings:
    return {"wake_timeout": "100s", "apps": {name: {"hosts": [f"{name}.localhost"], "command": [*command], **more}}}


def test_datasette_answers_the_first_query(up: Up, tmp_path: Path) -> None:
    database = sqlite3.connect(tmp_path / "stars.db")
    with database:
        database.execute("create table stars (name text)")
        database.execute("insert into stars values ('Vega'), ('Deneb')")
    database.close()
    settings = one_app("data", known_app("datasette"), "serve", "stars.db", "--port", "{port}")
    torpor = up({**settings, "apps": {"data": {**settings["apps"]["data"], "ready_path": "/-/versions.json"}}})

    reply = torpor.visit("data", "/stars/stars.json?_shape=array&_sort=name")

    assert reply.status == 200
    assert [row["name"] for row in reply.json()] == ["Deneb", "Vega"]
    assert "torpor;dur=" in reply.headers["Server-Timing"]
    page = torpor.visit("data", "/stars/stars", headers={"Accept": "text/html"})
    assert b"Vega" in page.body


def test_wsgidav_takes_and_gives_back_200_mb(up: Up, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    command = [
        known_app("wsgidav"),
        "--host",
        "127.0.0.1",
        "--port",
        "{port}",
        "--root",
        "share",
        "--auth",
        "anonymous",
    ]
    torpor = up(one_app("dav", *command))
    sent = Stream(SHARE)

    put = torpor.visit("dav", "/big", "PUT", headers={"Content-Length": str(SHARE)}, body=sent, within=110)
    assert put.status == 201, put
    torpor.sleep("dav")
    got = torpor.visit("dav", "/big", within=110)

    assert got.status == 200
    assert len(got.body) == SHARE
    assert hashlib.sha256(got.body).hexdigest() == sent.digest.hexdigest()
    listed = torpor.visit("dav", "/", "PROPFIND", headers={"Depth": "1"})
    assert listed.status == 207
    assert b"/big</" in listed.body


@pytest.mark.usefixtures("engine")
def test_httpbin_sees_the_request_as_the_client_made_it(up: Up) -> None:
    torpor = up(one_app("bin", known_app("gunicorn"), "--bind", "127.0.0.1:{port}", "httpbin:app"))

    posted = torpor.visit("bin", "/anything?x=1&x=2", "POST", headers={"X-Mine": "yes"}, body=b'{"a": 1}').json()

    assert posted["json"] == {"a": 1}
    assert posted["args"] == {"x": ["1", "2"]}
    assert posted["headers"]["X-Mine"] == "yes"
    assert posted["headers"]["Host"] == "bin.localhost"
    assert torpor.visit("bin", "/status/418").status == 418
    assert torpor.visit("bin", "/redirect-to?url=/elsewhere").headers["Location"] == "/elsewhere"
    assert torpor.visit("bin", "/gzip", headers={"Accept-Encoding": "gzip"}).headers["Content-Encoding"] == "gzip"
    assert len(torpor.visit("bin", "/stream-bytes/100000").body) == 100_000
    assert torpor.visit("bin", "/cookies/set?a=b").headers["Set-Cookie"].startswith("a=b")


async def test_a_jupyter_kernel_computes_through_its_websocket(up: Up, tmp_path: Path) -> None:
    settings = one_app(
        "jupyter",
        known_app("jupyter-server"),
        "--allow-root",
        "--no-browser",
        "--ip=127.0.0.1",
        "--port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.allow_remote_access=True",
        f"--IdentityProvider.token={TOKEN}",
        ready_path="/api",
        env={"HOME": str(tmp_path), "JUPYTER_RUNTIME_DIR": str(tmp_path / "runtime"), "PYTHONWARNINGS": "ignore"},
        idle_timeout="10s",
    )
    torpor = up(settings)
    token = {"Authorization": f"token {TOKEN}"}

    made = torpor.visit("jupyter", "/api/kernels", "POST", headers=token, body=b"{}", within=110)
    assert made.status == 201, made
    kernel = made.json()["id"]
    address = f"ws://jupyter.localhost/api/kernels/{kernel}/channels"
    host, port = torpor.listen
    async with connect(address, host=host, port=port, additional_headers=token, open_timeout=60) as socket:
        await socket.send(json.dumps(execute_request("6 * 7")))
        async for message in socket:
            said = json.loads(message)
            if said["msg_type"] == "execute_result":
                break
    assert said["content"]["data"]["text/plain"] == "42"


def execute_request(code: str) -> dict[str, Any]:
    """As https://jupyter-client.readthedocs.io/en/stable/messaging.html has it."""
    return {
        "channel": "shell",
        "header": {
            "msg_id": uuid.uuid4().hex,
            "msg_type": "execute_request",
            "username": "",
            "session": uuid.uuid4().hex,
            "version": "5.3",
            "date": "",
        },
        "parent_header": {},
        "metadata": {},
        "content": {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False},
        "buffers": [],
    }
