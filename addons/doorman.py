"""What the engine needs of a doorman: the port that `proxy.doorman.Doorman` fits."""

from typing import Protocol

from proxy.visit import Answer, Forward, Gone, Verdict, Visit


class Doorman(Protocol):
    """Decides on visits. Knows no engine."""

    def glance(self, visit: Visit) -> Verdict | None:
        """The verdict if it can be told at once; None when the visit has to wait in `admit`."""

    async def admit(self, visit: Visit, gone: Gone) -> Verdict:
        """The verdict, when there is one. Returns soon after `gone` is set: the client has left."""
        ...

    async def again(self, visit: Visit, forward: Forward, error: str, gone: Gone) -> Verdict:
        """The address of `forward` did not take the connection; `forward` is taken back by this call."""
        ...

    def broken(self, visit: Visit, forward: Forward, reason: str) -> Answer:
        """The upstream took the visit and broke off before its answer began. Does not take `forward` back."""
        ...

    def refuse(self, status: int, detail: str) -> Answer:
        """The answer to what never becomes a visit."""
        ...

    def done(self, forward: Forward) -> None:
        """The forwarded visit has ended; said once for every Forward."""
