"""The nouns of Torpor. Every package uses these and no others for the same things."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

type AppId = str
"""`namespace/name` on Kubernetes, `name` locally."""


class Phase(StrEnum):
    """Where an app stands in its life; see scaler/lifecycle.py for the theory."""

    ASLEEP = "asleep"
    WAKING = "waking"
    AWAKE = "awake"
    DRAINING = "draining"
    FAILED = "failed"


class Address(NamedTuple):
    """Where an upstream listens: an IP address and a TCP port."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Visitor(StrEnum):
    """Who makes a visit, as far as its headers tell."""

    PERSON = "person"  # a browser navigation: somebody looks at the page
    AUTOMATED_BROWSER = "automated-browser"  # a browser that a program drives: never shown a waiting page
    PROGRAM = "program"  # an API client, a script, a browser's own fetch
    CRAWLER = "crawler"  # a search engine, an archiver, a link unfurler
    MONITOR = "monitor"  # an uptime monitor or a health probe


class Mode(StrEnum):
    """Whether an app is put to sleep when nobody uses it, or it is only measured when it would be."""

    SLEEP = "sleep"
    SHADOW = "shadow"


class PageMode(StrEnum):
    """Whether a browser navigation may be shown the waiting page."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an app was woken, for people: the log, the events, the status page.

    `kind` is a small fixed set because it becomes a metric label: visit, operator, needed, restart,
    scaled.
    """

    kind: str
    method: str = ""
    path: str = ""
    user_agent: str = ""
    client: str = ""
    note: str = ""

    def __str__(self) -> str:
        if self.kind == "visit":
            return f"{self.method} {self.path} from {self.client} ({self.user_agent or 'no user agent'})"
        return f"{self.kind}: {self.note}" if self.note else self.kind
