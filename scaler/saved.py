"""What a sleep saves: time, and in that time what no node had to keep free for an app."""

from dataclasses import dataclass
from typing import Self

from scaler.requests import Requests


@dataclass(frozen=True, slots=True)
class Saved:
    """Seconds asleep, and what that comes to in core seconds of CPU and byte seconds of memory."""

    seconds: float = 0.0
    cpu: float = 0.0
    memory: float = 0.0

    @classmethod
    def over(cls, seconds: float, requests: Requests) -> Self:
        """In so many seconds without that much."""
        return cls(seconds, seconds * requests.cpu / 1000, seconds * requests.memory)

    def __sub__(self, other: "Saved") -> "Saved":
        return Saved(self.seconds - other.seconds, self.cpu - other.cpu, self.memory - other.memory)

    def __add__(self, other: "Saved") -> "Saved":
        return Saved(self.seconds + other.seconds, self.cpu + other.cpu, self.memory + other.memory)
