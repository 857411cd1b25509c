"""A set as operators and programs see it."""

from dataclasses import dataclass

from scaler.moments import rfc3339
from torpor.words import AppId


@dataclass(frozen=True, slots=True)
class SetStatus:
    """A set, for operators. `expires_at` is Unix seconds; None: it does not."""

    id: str
    objects: tuple[str, ...]
    apps: tuple[AppId, ...]
    expires_at: float | None

    def to_json(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "id": self.id,
            "objects": list(self.objects),
            "apps": list(self.apps),
            "expires_at": rfc3339(self.expires_at),
        }
