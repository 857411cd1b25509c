"""What a reload did, said in lists of names: for the answer of the API and for the log."""

from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class ReloadReport:
    """Apps by what happened to them; `restart_needed` names settings that only a restart of Torpor takes."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    restart_needed: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, object]:
        """Plain data for JSON."""
        return asdict(self)
