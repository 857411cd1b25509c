"""The messages between a proxy and the scaler: states down, activity up, as JSON over a WebSocket.

One link per proxy, ordered both ways; the promises lean on that order. A proxy that acknowledges a drain and then
sees a visit sends the knock after the acknowledgement, so the scaler cannot miss it. Times travel as ages in seconds,
never as clock readings, so the clocks of two machines need not agree.

The scaler counts a proxy as alive for `LEASE` seconds after its last word. A proxy that hears nothing for
`SILENCE` seconds (well before that) gives up its fast lane. One that is killed cannot: it says in its first word for
how long its engine may go on without it.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from torpor.words import Address, AppId, PageMode, Phase, Visitor

PATH = "/v1/link"
HEARTBEAT = 1.0
"""Seconds between two words from either side, at the longest."""
SILENCE = 4.0
LEASE = 10.0
MANY = 1_000_000_000
"""More than there is of anything that is counted."""
MAX_MESSAGE = 64 * 1024 * 1024
"""Bytes; a snapshot of 10,000 apps takes about 6 MiB."""

LAST_LINES = 8
LONGEST_LINE = 200
"""Characters of each of the last lines that an app's waiting page shows."""


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # a newer peer may say more


class Policy(_Wire):
    """What the doorman needs to know to decide on a visit. Durations in seconds."""

    wake_timeout: float = 60.0
    hold: float = 10.0
    page: PageMode = PageMode.AUTO
    wake_for: tuple[Visitor, ...] = (Visitor.PERSON, Visitor.AUTOMATED_BROWSER, Visitor.PROGRAM)
    monitor_status: Literal[200, 503] = 503
    max_held: int = 10_000
    page_log: bool = False


class AppView(_Wire):
    """An app as its proxies see it."""

    id: AppId
    routes: tuple[str, ...] = ()
    phase: Phase
    epoch: int
    """Rises with every change of this app; an acknowledgement names the epoch that it answers."""
    addresses: tuple[Address, ...] = ()
    """Where to forward; filled while awake and, as the last known ones, while draining."""
    policy: Policy = Policy()
    usual_wake: float | None = None
    """Seconds that a wake usually takes, by the app's own history; None before the first."""
    stage: str = ""
    """What the wake is doing, for people: `starting`, `waiting for database`, `waiting for port 4123`."""
    waking_for: float = 0.0
    reason: str = ""
    """Why it failed, or what the last wake ended with."""
    retry_in: float = 0.0
    """Seconds until a visit may try again, for a failed app."""
    last_lines: tuple[str, ...] = ()
    """What the app has written during the wake; empty unless `policy.page_log`."""


class Hello(_Wire):
    """First word of a proxy."""

    kind: Literal["hello"] = "hello"
    proxy: str
    engine: str
    version: str
    age: float = 0.0
    """Seconds that it has run: of visits before that it knows nothing."""
    alone: float = 0.0
    """Seconds that its engine may go on forwarding when its process is killed."""


class Work(_Wire):
    """Activity of one app in one proxy."""

    in_flight: int
    """Visits forwarded and not yet answered in full, streams and WebSockets included; those that count as activity."""
    busy: int
    """The same with crawlers and monitors included: these must not be cut off either."""
    held: int
    idle_for: float | None
    """Seconds since the last access; None when there was none."""


class Counts(_Wire):
    """What happened since the last report, for the metrics."""

    requests: dict[str, int] = {}
    """`lane outcome` → how many."""
    hold_seconds: list[float] = []
    """One entry per visit that was held; bounded by the proxy, so of very many these are a sample."""


class Load(_Wire):
    """How full a proxy's engine is."""

    connections: int = Field(ge=0, le=MANY)
    """Open with visitors."""
    limit: int = Field(ge=0, le=MANY)
    """Those beyond are turned away."""
    busy: float | None = Field(default=None, ge=0, le=1)
    """Part of its time in which it has had work; None where it does not know."""
    processes: int | None = Field(default=None, ge=0, le=MANY)
    """Of the engine's own: one, and those that were replaced and still serve; None where it has none."""


class Activity(_Wire):
    """The apps whose activity changed since the last report, and a sign of life."""

    kind: Literal["activity"] = "activity"
    apps: dict[AppId, Work] = {}
    counts: dict[AppId, Counts] = {}
    load: Load | None = None


class Knock(_Wire):
    """A visit that counts has come for an app that is not awake, as far as this proxy knows."""

    kind: Literal["knock"] = "knock"
    app: AppId
    method: str
    path: str
    user_agent: str
    client: str


class Down(_Wire):
    """An address refused the connection: the app behind it is gone or going."""

    kind: Literal["down"] = "down"
    app: AppId
    epoch: int
    address: Address
    error: str


class Drained(_Wire):
    """The fast lane for this app is closed in this proxy; this is what is left of it."""

    kind: Literal["drained"] = "drained"
    app: AppId
    epoch: int
    work: Work


class Bye(_Wire):
    """A proxy ends in good order: it forwards nothing any more."""

    kind: Literal["bye"] = "bye"


class Snapshot(_Wire):
    """All apps; what is not in it is gone."""

    kind: Literal["snapshot"] = "snapshot"
    apps: tuple[AppView, ...]


class Changed(_Wire):
    """One app, new or changed."""

    kind: Literal["changed"] = "changed"
    app: AppView


class Removed(_Wire):
    """An app that is managed no more."""

    kind: Literal["removed"] = "removed"
    app: AppId


class Beat(_Wire):
    """A sign of life of the scaler."""

    kind: Literal["beat"] = "beat"


type FromProxy = Hello | Activity | Knock | Down | Drained | Bye
type FromScaler = Snapshot | Changed | Removed | Beat

_from_proxy: TypeAdapter[FromProxy] = TypeAdapter(
    Annotated[Hello | Activity | Knock | Down | Drained | Bye, Field(discriminator="kind")]
)
_from_scaler: TypeAdapter[FromScaler] = TypeAdapter(
    Annotated[Snapshot | Changed | Removed | Beat, Field(discriminator="kind")]
)


def read_from_proxy(text: str | bytes) -> FromProxy:
    """Raises ValueError for anything that is not such a message."""
    return _from_proxy.validate_json(text)


def read_from_scaler(text: str | bytes) -> FromScaler:
    """Raises ValueError for anything that is not such a message."""
    return _from_scaler.validate_json(text)


def write(message: FromProxy | FromScaler) -> str:
    """The message as one line of JSON."""
    return message.model_dump_json()
