"""Where the running Torpor is, and the token it wants.

In this order: what an option says, the environment, ./torpor.yaml; then this machine's default address if a Torpor
answers there, else the cluster of the kubeconfig if there is one. So whoever runs Torpor here is not surprised by a
kubeconfig, and whoever has only a cluster needs no option.
"""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import click

from torpor.words import Address

DEFAULT_API = "http://127.0.0.1:8081"
DEFAULT_SERVICE = "torpor/torpor-scaler"
NAME = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
"""Of namespaces and Services (RFC 1123 label)."""
CONFIG_FILE = Path("torpor.yaml")


class Where(NamedTuple):
    """The API's base URL without a trailing slash, and the token to send (`""`: none)."""

    url: str
    token: str
    hint: str = ""
    """Which was asked, and how another is: for those who did not say it themselves."""


class Within(NamedTuple):
    """A Service in a cluster, as `namespace/name`, and the context of the kubeconfig (None: the current one)."""

    context: str | None
    service: str
    token: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the options say."""

    api: str | None = None
    kubernetes: bool = False
    context: str | None = None
    service: str | None = None

    @property
    def cluster(self) -> bool:
        """A cluster is meant, whatever else there is."""
        return self.kubernetes or self.context is not None or self.service is not None


def find_api(asked: Asked, answers: Callable[[Where], bool]) -> Where | Within:
    """Where to ask; `answers` tells whether a Torpor is there. Raises click.UsageError for what cannot be asked."""
    within = find_service(asked)
    if asked.cluster:
        if asked.api is not None:
            raise click.UsageError("--api names an address, the other options a cluster; give one or the other")
        return within
    if given := asked.api or os.environ.get("TORPOR_API"):
        return Where(checked_url(given), within.token)
    said = _of_file(CONFIG_FILE)
    if said is not None and not said.cluster:
        return said.where._replace(token=within.token or said.where.token)
    here = Where(DEFAULT_API, within.token) if said is None else said.where
    if said is None and not kubeconfig_there():
        return here
    if answers(here):
        return here._replace(hint=f"{here.url} was asked; --kubernetes asks the cluster of the kubeconfig")
    token = within.token or here.token
    return within._replace(token=token, hint=f"the kubeconfig's cluster was asked, for no Torpor is at {here.url}")


def find_service(asked: Asked) -> Within:
    """Where in a cluster to ask. Raises click.UsageError for a Service that is none."""
    usual = os.environ.get("TORPOR_SERVICE") or DEFAULT_SERVICE
    service = checked_service(usual if asked.service is None else asked.service)
    return Within(asked.context, service, os.environ.get("TORPOR_TOKEN", ""))


def find_local(option: str | None) -> Where:
    """Where to ask for what only a Torpor of one machine does. Raises click.UsageError."""
    token = os.environ.get("TORPOR_TOKEN", "")
    if given := option or os.environ.get("TORPOR_API"):
        return Where(checked_url(given), token)
    said = _of_file(CONFIG_FILE)
    return Where(DEFAULT_API, token) if said is None else said.where._replace(token=token or said.where.token)


def kubeconfig_there() -> bool:
    """Somebody who works with a cluster sits here."""
    from scaler.runtimes.kubernetes.api.access import Kubeconfig, NoAccess, find  # light, and only where it may matter

    try:
        access = find()
    except NoAccess:
        return False
    return isinstance(access, Kubeconfig) and access.exists()


def contexts() -> list[str]:
    """The names of the kubeconfig's contexts; none where it cannot be read."""
    import yaml  # here, as all that follows: only the tab key needs it

    from scaler.runtimes.kubernetes.api.access import Kubeconfig, NoAccess, find

    try:
        access = find()
        if not isinstance(access, Kubeconfig):
            return []
        files = [Path(path).expanduser() for path in access.paths.split(os.pathsep) if path]
        read = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in files if file.is_file()]
        return [str(one["name"]) for said in read for one in said["contexts"]]
    except (NoAccess, OSError, ValueError, LookupError, TypeError, yaml.YAMLError):
        return []


def checked_service(text: str) -> str:
    """`namespace/name`. Raises click.UsageError."""
    if re.fullmatch(rf"{NAME}/{NAME}", text) is None:
        raise click.UsageError(f"{text[:200]!r} is no Service; allowed is NAMESPACE/NAME such as {DEFAULT_SERVICE}")
    return text


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


class _Said(NamedTuple):
    where: Where
    cluster: bool
    """Its apps are those of a cluster, and so as a rule is its scaler."""


def _of_file(file: Path) -> _Said | None:
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
    url = f"http://{reachable((host.strip('[]'), int(port)))}"
    return _Said(Where(url, token if isinstance(token, str) else ""), "kubernetes" in data)
