"""One container of a pod: what it does now, and how it ended the last time."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import items, mapping, number, text

MOST = 64
"""Containers of a pod that are looked at, and as many that come before them."""
LONGEST = 2_000
"""Characters of what somebody else has written."""
NAME = 253
"""Characters of a name."""


class Why(NamedTuple):
    """Kubernetes' way to say why: a word, and a sentence."""

    reason: str = ""
    message: str = ""


NO_WHY = Why()


class Exit(NamedTuple):
    """How a container ended."""

    code: int
    why: Why


@dataclass(frozen=True, slots=True)
class Container:
    """As the kubelet has last told it; before it has told anything, a container does nothing."""

    name: str
    image: str = ""
    init: bool = False
    """It runs before the others and has to end well."""
    running: bool = False
    ready: bool = False
    restarts: int = 0
    waiting: Why | None = None
    exited: Exit | None = None
    """It has ended, and has not been started again."""
    before: Exit | None = None
    """How its last run ended, if that was not the first."""

    @property
    def last_exit(self) -> Exit | None:
        """The most recent one."""
        return self.exited or self.before

    @property
    def done(self) -> bool:
        """It has ended well."""
        return self.exited is not None and self.exited.code == 0


def read_containers(spec: Mapping[str, object], status: Mapping[str, object]) -> tuple[Container, ...]:
    """All of a pod's, those that run first in front. One that restarts for ever (a sidecar) is no init container."""
    return (
        *_read(items(spec.get("initContainers")), items(status.get("initContainerStatuses")), init=True),
        *_read(items(spec.get("containers")), items(status.get("containerStatuses")), init=False),
    )


def read_why(source: Mapping[str, object]) -> Why:
    """The reason and the message of whatever has both."""
    return Why(text(source.get("reason"))[:NAME], text(source.get("message"))[:LONGEST])


def _read(specs: list[object], statuses: list[object], *, init: bool) -> Iterator[Container]:
    told = {text(mapping(status).get("name")): mapping(status) for status in statuses[:MOST]}
    for entry in specs[:MOST]:
        spec = mapping(entry)
        name = text(spec.get("name"))
        status = told.get(name, {})
        state = mapping(status.get("state"))
        waiting = mapping(state.get("waiting"))
        yield Container(
            name[:NAME],
            text(spec.get("image"))[:LONGEST],
            init and spec.get("restartPolicy") != "Always",
            "running" in state,
            status.get("ready") is True,
            max(0, number(status.get("restartCount"), 0)),
            read_why(waiting) if waiting else None,
            _exit(state),
            _exit(mapping(status.get("lastState"))),
        )


def _exit(state: Mapping[str, object]) -> Exit | None:
    ended = mapping(state.get("terminated"))
    return Exit(number(ended.get("exitCode"), -1), read_why(ended)) if ended else None
