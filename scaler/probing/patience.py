"""How long an answer is waited for: longer each time that none came, for apps whose first answers are slow."""

from dataclasses import dataclass


@dataclass(slots=True)
class Patience:
    """Seconds for the next answer."""

    seconds: float = 1.0
    longest: float = 8.0

    def tried(self, took: float) -> None:
        """An answer was waited for that long, and was not a good one."""
        if took >= self.seconds:
            self.seconds = min(2 * self.seconds, self.longest)
