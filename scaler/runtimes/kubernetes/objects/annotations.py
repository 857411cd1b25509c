"""The annotations `torpor.dev/…` of a workload: what an app's owner may say of it, each bad value with what is allowed.

A value that makes no sense changes nothing: the default holds, and it is reported. An annotation may hold up to 256 KiB
of anything, so nothing is looked at, nor repeated, beyond a bound of its own.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.remembered import WRITTEN
from torpor.duration import parse_duration
from torpor.link import Policy
from torpor.routes import parse_prefix_route
from torpor.schedule import NEVER, Schedule, parse_schedule
from torpor.words import AppId, Mode, PageMode, Visitor

PREFIX = "torpor.dev/"
MOST_HOSTS = 200
LONGEST_HOST = 400
"""Characters of a host with its path."""
LONGEST_MESSAGE = 600
EXPIRES_IN = "torpor.dev/expires-in"
APPLIED_AT = "torpor.dev/applied-at"
"""Of the set that an object is applied with, and nothing to the app: see scaler/applier."""
LONGEST_WAIT = 3600.0
"""Seconds that a visit may be held for, by annotation: a held visit costs everybody's room."""

_PATH = re.compile(r"/[!-~]*")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_BOUNDS = {"hosts": 16 * 1024, "needs": 4096, "ready-path": 1024, "keep-awake": 1024}
_USUAL_BOUND = 256


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds where nothing is said. Durations in seconds."""

    idle_timeout: float = 300.0
    policy: Policy = field(default_factory=Policy)
    mode: Mode = Mode.SLEEP
    team_label: str = ""
    """The key of the label that says whose a workload is; empty: none does."""


@dataclass(frozen=True, slots=True)
class AppSettings:
    """What the annotations of one workload come to, defaults filled in."""

    idle_timeout: float
    """Seconds; 0 is never."""
    policy: Policy
    ready_path: str | None = None
    needs: tuple[AppId, ...] = ()
    hosts: tuple[str, ...] = ()
    """Routes that lead to it without an Ingress, normalised."""
    keep_awake: Schedule = NEVER
    mode: Mode = Mode.SLEEP


class Bad(NamedTuple):
    """One annotation that cannot be used as it is."""

    annotation: str
    message: str


def read_annotations(
    annotations: Mapping[str, str], namespace: str, defaults: Defaults
) -> tuple[AppSettings, tuple[Bad, ...]]:
    """The settings of a workload in this namespace, and what is wrong with its annotations."""
    bad: list[Bad] = []

    def read[T](name: str, parse: Callable[[str], T], default: T) -> T:
        written = annotations.get(PREFIX + name)
        if written is None:
            return default
        bound = _BOUNDS.get(name, _USUAL_BOUND)
        try:
            if len(written) > bound:
                raise ValueError(f"is {len(written)} characters long; allowed are {bound}")
            return parse(written.strip())
        except ValueError as error:
            bad.append(Bad(PREFIX + name, str(error)[:LONGEST_MESSAGE]))
            return default

    policy = defaults.policy.model_copy(
        update={
            "wake_timeout": read("wake-timeout", _wait, defaults.policy.wake_timeout),
            "hold": read("hold", _wait, defaults.policy.hold),
            "page": read("page", _page, defaults.policy.page),
            "page_log": read("page-log", _yes_or_no, defaults.policy.page_log),
            "wake_for": read("wake-for", _visitors, defaults.policy.wake_for),
        }
    )
    settings = AppSettings(
        idle_timeout=read("idle-timeout", _duration, defaults.idle_timeout),
        policy=policy,
        ready_path=read("ready-path", _path, None),
        needs=read("needs", lambda written: _needs(written, namespace), ()),
        hosts=read("hosts", _hosts, ()),
        keep_awake=read("keep-awake", parse_schedule, NEVER),
        mode=read("mode", _mode, defaults.mode),
    )
    return settings, (*bad, *_unknown(annotations))


ALLOWED = (
    *("idle-timeout", "wake-timeout", "hold", "page", "page-log", "ready-path", "needs", "keep-awake", "wake-for"),
    *("hosts", "mode"),
)


def _unknown(annotations: Mapping[str, str]) -> list[Bad]:
    known = {PREFIX + name for name in ALLOWED} | {*WRITTEN, EXPIRES_IN, APPLIED_AT}
    allowed = f"is no annotation of Torpor's; allowed are {', '.join(ALLOWED)}"
    strange = sorted(name for name in annotations if name.startswith(PREFIX) and name not in known)
    return [Bad(name[:100], allowed) for name in strange[:10]]


def _duration(written: str) -> float:
    """Annotations are text, so a number of seconds is one as text."""
    number = len(written) < 16 and written.isascii() and written.replace(".", "", 1).isdecimal()
    return parse_duration(float(written) if number else written)


def _wait(written: str) -> float:
    seconds = _duration(written)
    if seconds > LONGEST_WAIT:
        raise ValueError(f"{written!r} is too long; allowed is up to 1h")
    return seconds


def _page(written: str) -> PageMode:
    if written not in PageMode:
        raise ValueError(f"{written!r} is not allowed; allowed are {', '.join(PageMode)}")
    return PageMode(written)


def _yes_or_no(written: str) -> bool:
    if written not in ("true", "false"):
        raise ValueError(f"{written!r} is not allowed; allowed are true and false")
    return written == "true"


def _mode(written: str) -> Mode:
    if written not in Mode:
        raise ValueError(f"{written!r} is not allowed; allowed are {', '.join(Mode)}")
    return Mode(written)


def _visitors(written: str) -> tuple[Visitor, ...]:
    names = _listed(written)
    if not names or any(name not in Visitor for name in names):
        raise ValueError(f"{written!r} is not allowed; allowed are, with commas between them, {', '.join(Visitor)}")
    return tuple(dict.fromkeys(Visitor(name) for name in names))


def _path(written: str) -> str:
    if not _PATH.fullmatch(written):
        raise ValueError(f"{written[:60]!r} is not a path; allowed is such as /healthz")
    return written


def _needs(written: str, namespace: str) -> tuple[AppId, ...]:
    found: dict[AppId, None] = {}
    for name in _listed(written):
        place, slash, workload = name.rpartition("/")
        if not (_NAME.fullmatch(workload) and (_NAME.fullmatch(place) or not slash)):
            raise ValueError(
                f"{name[:60]!r} is not an app; allowed are, with commas between them, NAME and NAMESPACE/NAME"
            )
        found[f"{place or namespace}/{workload}"] = None
    return tuple(found)


def _hosts(written: str) -> tuple[str, ...]:
    hosts = _listed(written)
    if len(hosts) > MOST_HOSTS:
        raise ValueError(f"names {len(hosts)} hosts; allowed are {MOST_HOSTS}")
    for host in hosts:
        if len(host) > LONGEST_HOST:
            raise ValueError(f"{host[:60]!r}… is {len(host)} characters long; allowed are {LONGEST_HOST}")
    return tuple(dict.fromkeys(str(parse_prefix_route(host)) for host in hosts))


def _listed(written: str) -> list[str]:
    return [part for part in re.split(r"[\s,]+", written) if part]
