"""Where the running Torpor is, and the token it wants: option, environment, ./torpor.yaml, default, in this order."""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from torpor.words import Address

DEFAULT_API = "http://127.0.0.1:8081"
CONFIG_FILE = Path("torpor.yaml")


class Where(NamedTuple):
    """The API's base URL without a trailing slash, and the token to send (`""`: none)."""

    url: str
    token: str


def find_api(option: str | None) -> Where:
    """Where to ask. Raises click.UsageError for a URL that is not one."""
    token = os.environ.get("TORPOR_TOKEN", "")
    if given := option or os.environ.get("TORPOR_API"):
        return Where(checked_url(given), token)
    if (found := _of_file(CONFIG_FILE)) is not None:
        return Where(found.url, token or found.token)
    return Where(DEFAULT_API, token)


def checked_url(text: str) -> str:
    """The URL, tidied up. Raises click.UsageError."""
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment:
        raise click.UsageError(f"{text!r} is not where an API can be; allowed is a URL such as {DEFAULT_API}")
    if parts.username or parts.password:
        raise click.UsageError("a URL with a password in it ends up in logs; give the token in TORPOR_TOKEN")
    return parts.geturl().rstrip("/")


def reachable(listen: tuple[str, int]) -> Address:
    """An address that reaches what listens there: for all interfaces, the loopback one."""
    host, port = listen
    return Address({"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host), port)


def _of_file(file: Path) -> Where | None:
    """The `api` and `token` of a torpor.yaml. One that is not in order is not this command's business."""
    if not file.is_file():
        return None
    from torpor.yamlfile import YamlError, read_yaml  # here: only those who need the file pay for the import

    try:
        data = read_yaml(file.read_text(encoding="utf-8")).data
    except (OSError, UnicodeDecodeError, YamlError):
        return None
    if not isinstance(data, dict):
        return None
    host, colon, port = str(data.get("api", "127.0.0.1:8081")).rpartition(":")
    if not colon or not port.isdecimal() or not 0 < int(port) < 65536:
        return None
    token = data.get("token")
    return Where(f"http://{reachable((host.strip('[]'), int(port)))}", token if isinstance(token, str) else "")
