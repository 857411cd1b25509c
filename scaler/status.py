"""An app as operators and programs see it: the JSON of REST, events and the command line."""

from dataclasses import dataclass

from scaler.moments import rfc3339
from torpor.advice import advice
from torpor.words import AppId, Mode, Phase


@dataclass(frozen=True, slots=True)
class AppStatus:
    """The members are fixed by the outside interface; times are Unix seconds here, RFC 3339 in JSON."""

    id: AppId
    phase: Phase
    hosts: tuple[str, ...]
    last_access: float | None
    in_flight: int
    held: int
    idle_timeout: float
    sleeps_at: float | None
    replicas: int
    cause: str
    """Why it was last woken."""
    reason: str
    """Why it failed, or why it last went to sleep or stayed awake."""
    stage: str = ""
    """What a wake is doing now."""
    since: float | None = None
    """When it entered this phase."""
    usual_wake: float | None = None
    """Seconds a wake usually takes."""
    needs: tuple[AppId, ...] = ()
    retry_at: float | None = None
    """When a visit may try again, for a failed app."""
    managed: bool = True
    """Else visits are forwarded to it, and it is neither woken nor put to sleep."""
    reverts: int = 0
    """How often in a row somebody scaled it up again right after it was put to sleep."""
    keep_awake: str = ""
    """The hours in which it is not put to sleep for being idle, as they are written."""
    expires_at: float | None = None
    """When it is deleted with its set unless it is used until then."""
    mode: Mode = Mode.SLEEP
    shadow_since: float | None = None
    """Since when it would be asleep, in shadow mode; None while it would be awake."""
    team: str = ""

    def to_json(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "id": self.id,
            "phase": self.phase.value,
            "hosts": list(self.hosts),
            "last_access": rfc3339(self.last_access),
            "in_flight": self.in_flight,
            "held": self.held,
            "idle_timeout": self.idle_timeout,
            "sleeps_at": rfc3339(self.sleeps_at),
            "replicas": self.replicas,
            "cause": self.cause,
            "reason": self.reason,
            "todo": advice(self.reason) if self.phase is Phase.FAILED else "",
            "stage": self.stage,
            "since": rfc3339(self.since),
            "usual_wake": self.usual_wake,
            "needs": list(self.needs),
            "retry_at": rfc3339(self.retry_at),
            "managed": self.managed,
            "reverts": self.reverts,
            "keep_awake": self.keep_awake,
            "expires_at": rfc3339(self.expires_at),
            "mode": self.mode.value,
            "shadow_since": rfc3339(self.shadow_since),
            "team": self.team,
        }
