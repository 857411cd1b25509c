"""`torpor proxy`: what it takes and refuses before anything runs."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from torpor.cli.commands.proxy import command


def proxy(*options: str) -> Result:
    return CliRunner().invoke(command, ["--link", "http://127.0.0.1:9", "--listen", "127.0.0.1:0", *options])


@pytest.mark.parametrize(
    "options", [("--tls-listen", "127.0.0.1:0"), ("--certificates", "."), ("--redirect-to-https",)]
)
def test_tls_takes_a_place_to_listen_and_certificates(options: tuple[str, ...]) -> None:
    ended = proxy(*options)
    assert ended.exit_code == 2
    assert "TLS takes both: --tls-listen HOST:PORT and --certificates DIRECTORY" in ended.output


def test_a_directory_that_cannot_be_read_just_now_keeps_no_proxy_from_its_haproxy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    ended = proxy("--tls-listen", "127.0.0.1:0", "--certificates", str(tmp_path))
    assert "needs a token" in ended.output


@pytest.mark.parametrize("link", ["10.0.0.7:8081", "ftp://scaler", "http://", ""])
def test_a_link_that_cannot_be_one_is_refused(link: str) -> None:
    ended = proxy("--link", link)
    assert ended.exit_code == 2
    assert "allowed is http://HOST:PORT" in ended.output
