"""`torpor doctor`: what it finds, and that each finding comes with its fix."""

import socket
from pathlib import Path

import pytest

from tests.certificates import DAY, Authority
from tests.torpor.cli.command import Ended, Torpor
from tests.torpor.cli.fake_api import FakeApi

FINE = """\
listen: 127.0.0.1:0
api: 127.0.0.1:0
apps:
  notes:
    hosts: [localhost]
    command: [python3, -m, http.server, "{port}"]
"""


async def doctor(torpor: Torpor, text: str) -> Ended:
    (torpor.directory / "torpor.yaml").write_text(text)
    return await torpor("doctor")


async def test_all_in_order_is_exit_code_0(torpor: Torpor) -> None:
    ended = await doctor(torpor, FINE)
    assert ended.code == 0, ended.out
    assert "torpor.yaml reads well: 1 app\n" in ended.out
    assert "every command is found" in ended.out
    assert "every host is known" in ended.out
    assert "wrong" not in ended.out


@pytest.mark.parametrize(
    ("change", "finding", "fix"),
    [
        (("python3", "no-such-program"), "notes: no-such-program is not found", "install it"),
        (("python3", "./start"), "notes: ./start cannot be executed", "chmod +x"),
        (("hosts:", "directory: ./nowhere\n    hosts:"), "notes: there is no directory", "mkdir -p"),
        (("api: 127.0.0.1:0", "api: 0.0.0.0:0"), "anyone may wake apps", "set TORPOR_TOKEN"),
        (("listen:", "log_directory: ./start/logs\nlisten:"), "the logs cannot be written", "change log_directory"),
    ],
)
async def test_each_trouble_is_told_with_its_fix(
    torpor: Torpor, change: tuple[str, str], finding: str, fix: str
) -> None:
    (torpor.directory / "start").write_text("#!/bin/sh\n")
    ended = await doctor(torpor, FINE.replace(*change))
    assert ended.code == 1
    lines = ended.out.splitlines()
    [at] = [number for number, line in enumerate(lines) if finding in line]
    assert lines[at].startswith("wrong")
    assert fix in lines[at + 1]
    assert "torpor: 1 thing is wrong" in ended.err


async def test_a_port_that_is_taken_is_named_with_its_setting(torpor: Torpor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = await doctor(torpor, FINE.replace("listen: 127.0.0.1:0", f"listen: {address}"))
    assert ended.code == 1
    assert f"wrong  listen: {address}: address already in use" in ended.out


async def test_one_port_for_two_is_told(torpor: Torpor) -> None:
    ended = await doctor(torpor, FINE.replace("listen: 127.0.0.1:0", "listen: 127.0.0.1:4711") + "    port: 4711\n")
    assert "wrong  apps.notes.port and listen are both port 4711" in ended.out


async def test_a_torpor_that_runs_is_no_trouble(torpor: Torpor, api: FakeApi) -> None:
    ended = await doctor(torpor, FINE.replace("api: 127.0.0.1:0", "api: " + api.url.removeprefix("http://")))
    assert ended.code == 0
    assert "Torpor is running" in ended.out


async def test_an_app_that_nobody_can_wake_is_a_note(torpor: Torpor) -> None:
    ended = await doctor(torpor, FINE.replace("    hosts: [localhost]\n", ""))
    assert ended.code == 0
    assert "note   notes: no host leads to it" in ended.out


async def test_a_host_that_nobody_knows_is_told(torpor: Torpor) -> None:
    ended = await doctor(torpor, FINE.replace("[localhost]", "[notes.invalid]"))
    assert ended.code == 1
    assert "wrong  nobody knows notes.invalid" in ended.out


@pytest.mark.parametrize(
    ("name", "contents", "grade", "finding", "fix"),
    [
        ("a.pem", Authority().make("a.test").pem, "ok   ", "certificates for a.test", ""),
        ("a.pem", b"nothing", "wrong", "certificate a.pem holds no certificate", "replace it"),
        ("a.pem", Authority().make("a.test", begins=-3 * DAY, ends=-DAY).pem, "note ", "a.pem has expired on", "put"),
        ("a.txt", b"", "wrong", "there is no certificate in", "put there NAME.pem with chain and key"),
        ("", b"", "wrong", "there is no directory", "or change tls.certificates"),
    ],
)
async def test_certificates_are_looked_at(
    torpor: Torpor, name: str, contents: bytes, grade: str, finding: str, fix: str
) -> None:
    if name:
        (torpor.directory / "certs").mkdir()
        (torpor.directory / "certs" / name).write_bytes(contents)
    ended = await doctor(torpor, FINE + "engine: haproxy\ntls: {listen: 127.0.0.1:0, certificates: certs}\n")
    assert ended.code == (1 if grade == "wrong" else 0), ended.out
    lines = ended.out.splitlines()
    [at] = [number for number, line in enumerate(lines) if finding in line]
    assert lines[at].startswith(grade)
    assert fix in lines[at + 1]


async def test_tls_without_haproxy_is_told(torpor: Torpor) -> None:
    (torpor.directory / "certs").mkdir()
    ended = await doctor(torpor, FINE + "engine: mitmproxy\ntls: {certificates: certs}\n")
    assert ended.code == 2
    assert "the engine mitmproxy does not do TLS" in ended.err


@pytest.mark.parametrize(
    ("style", "grade", "finding", "fix"),
    [
        ("a{}", "ok   ", "the pages look as ", ""),
        ("@import 'x'", "wrong", "style.css: line 1: '@import' leads elsewhere", "pages look like Torpor's own"),
    ],
)
async def test_the_brand_is_looked_at(torpor: Torpor, style: str, grade: str, finding: str, fix: str) -> None:
    (torpor.directory / "brand").mkdir()
    (torpor.directory / "brand" / "style.css").write_text(style)
    ended = await doctor(torpor, FINE + "brand: brand\n")
    assert ended.code == (0 if grade == "ok   " else 1)
    [line] = [line for line in ended.out.splitlines() if finding in line]
    assert line.startswith(grade)
    assert fix in ended.out


async def test_a_wrong_file_is_exit_code_2_with_the_line(torpor: Torpor) -> None:
    ended = await doctor(torpor, FINE.replace("hosts:", "hots:"))
    assert ended.code == 2
    assert ended.err.startswith("torpor.yaml:5: apps.notes.hots: unknown setting 'hots'; allowed are hosts,")


async def test_no_file_is_exit_code_2(torpor: Torpor, tmp_path: Path) -> None:
    ended = await torpor("doctor", "-f", str(tmp_path / "none.yaml"))
    assert ended.code == 2
    assert "there is no such file" in ended.err
