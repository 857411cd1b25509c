"""What has become of an order: object by object, so that a failure in the middle leaves nobody guessing."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import NamedTuple


class Outcome(StrEnum):
    """Of one object."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    CONFLICT = "conflict"
    """Others own fields of it; nothing was changed."""
    REFUSED = "refused"
    """The API server said no; nothing was changed."""
    PUT_OFF = "put off"
    """The API server could not be asked, or has too much to do; nothing was changed, and the same may go well soon."""
    UNKNOWN = "unknown"
    """No answer came: it may have been carried out."""
    NOT_APPLIED = "not applied"
    """It was not come to."""
    DELETED = "deleted"
    NOT_DELETED = "not deleted"
    LEFT = "left"
    """It has the set's label, but we have not applied it."""


GOOD = (Outcome.CREATED, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.DELETED, Outcome.LEFT)


class Conflict(NamedTuple):
    """A field that somebody else owns."""

    field: str
    owner: str


@dataclass(frozen=True, slots=True)
class Done:
    """What has become of one object. `document` and `line` are those of its manifest, where it has one."""

    kind: str
    """As roles name it: `deployments.apps`."""
    name: str
    outcome: Outcome
    document: int | None = None
    line: int | None = None
    detail: str = ""
    """Why, in the server's own words; for a workload that sleeps, that it does."""
    conflicts: tuple[Conflict, ...] = ()
    diff: str = ""
    """Of a dry run: what would change, as a unified diff of YAML."""

    def __str__(self) -> str:
        places = [("document", self.document), ("line", self.line)]
        where = ", ".join(f"{what} {number}" for what, number in places if number is not None)
        owners = "; ".join(f"{one.field} is owned by {one.owner}" for one in self.conflicts)
        said = ": ".join(part for part in (f"{self.outcome} {self.kind} {self.name}", owners or self.detail) if part)
        return f"{said} ({where})" if where and self.outcome not in GOOD else said


@dataclass(frozen=True, slots=True)
class Rolled:
    """How far a workload has come."""

    app: str
    done: bool
    asleep: bool
    detail: str


@dataclass(frozen=True, slots=True)
class Report:
    """`failure` says in one sentence why not all of it is done; empty when all is."""

    set: str
    dry_run: bool = False
    failure: str = ""
    objects: tuple[Done, ...] = ()
    pruned: tuple[Done, ...] = ()
    apps: tuple[Rolled, ...] = ()

    def to_json(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)
