"""Torpor behind another proxy that ends TLS and gives it whatever it has no route for, as docs/ingress-controllers.md
says: a real nginx, with the headers that ingress-nginx sets."""

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.blackbox.asking import DEADLINE, wait
from tests.blackbox.programs import program
from tests.blackbox.torpor_up import Torpor, answering
from tests.ports import own_port

CONFIGURATION = """\
daemon off;
pid {directory}/pid;
error_log stderr;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {directory};
    proxy_temp_path {directory};
    fastcgi_temp_path {directory};
    uwsgi_temp_path {directory};
    scgi_temp_path {directory};
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Proto https;
            proxy_pass http://{torpor};
        }}
    }}
}}
"""
VISITOR = "127.0.0.2"


@contextlib.contextmanager
def in_front_of(torpor: Torpor, directory: Path) -> Iterator[int]:
    """The port at which it answers."""
    port, file = own_port(), directory / "nginx.conf"
    where = "{}:{}".format(*torpor.listen)
    file.write_text(CONFIGURATION.format(directory=directory, port=port, torpor=where))
    process = subprocess.Popen([program("nginx"), "-e", "stderr", "-c", str(file)])
    try:
        wait(lambda: _answers(port), DEADLINE)
        yield port
    finally:
        process.terminate()
        process.wait(DEADLINE)


def ask(port: int, host: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE, source_address=(VISITOR, 0))
    try:
        connection.request("GET", "/x", headers={"Host": host, "User-Agent": "curl/8"})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def _answers(port: int) -> bool:
    try:
        return ask(port, "nobody.localhost")[0] == 404
    except OSError:
        return False


def test_a_visit_through_it_wakes_the_app_which_is_told_of_its_visitor(tmp_path: Path, engine: str) -> None:
    settings = {"engine": engine, "trusted_proxies": ["127.0.0.1"], "apps": {"app": answering("app")}}
    with Torpor.up(tmp_path, settings) as torpor, in_front_of(torpor, tmp_path) as port:
        status, body = ask(port, "app.localhost")

        assert status == 200
        told = {name.lower(): value for name, value in json.loads(body)["headers"]}
        assert told["host"] == "app.localhost"
        assert told["x-forwarded-for"] == f"{VISITOR}, 127.0.0.1"
        assert told["x-forwarded-proto"] == "https"
        assert f"GET /x from {VISITOR} " in str(torpor.app("app")["cause"])
