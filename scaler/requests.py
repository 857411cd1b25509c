"""How much of a node an app asks for."""

from typing import NamedTuple


class Requests(NamedTuple):
    """Room on a node."""

    cpu: int = 0
    """Thousandths of a core."""
    memory: int = 0
    """Bytes."""

    def times(self, count: int) -> "Requests":
        """For so many replicas."""
        return Requests(self.cpu * count, self.memory * count)


NOTHING = Requests()
