"""What happens between a replaced worker's last word and its master's knowing that it is gone.

The moment is too short to be met for certain, so a stand-in plays the worker; tests/proxy/haproxy/test_sigusr2.py has
real ones.
"""

import pytest

from proxy.haproxy.lane import HaproxyLane
from proxy.lanes import LaneError


class Ending:
    """A worker that says nothing any more, and its life, whose master lists it for some more questions."""

    pid = 4711

    def __init__(self, listed: int) -> None:
        self.life = self
        self.listed = listed
        self.told_gone = False

    async def workers(self) -> list[int]:
        self.listed -= 1
        return [4712, self.pid] if self.listed >= 0 else [4712]

    async def read(self) -> None:
        raise LaneError("HAProxy does not answer: it closed the connection")

    def is_gone(self) -> None:
        self.told_gone = True


async def test_a_replaced_worker_that_has_ended_is_gone_as_soon_as_its_master_says_so() -> None:
    worker = Ending(listed=3)
    await HaproxyLane._tell_replaced(worker, worker.read)  # type: ignore[arg-type]
    assert worker.told_gone


async def test_one_that_says_nothing_and_does_not_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.haproxy.lane.ENDING", 0.05)
    worker = Ending(listed=1_000)
    with pytest.raises(LaneError, match="it closed the connection"):
        await HaproxyLane._tell_replaced(worker, worker.read)  # type: ignore[arg-type]
    assert not worker.told_gone
