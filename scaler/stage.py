"""What a wake does now: a few words for people, of one of a few kinds for the metrics."""

from collections.abc import Callable

ENDING = "ending"
"""What ran before is on its way out."""
NEEDS = "needs"
"""Apps that this one needs are woken first."""
SCALING = "scaling"
"""The count of replicas is written."""
SCHEDULING = "scheduling"
"""A pod is made and gets its node."""
PREPARING = "preparing"
"""The node gets ready for the pod: volumes, network, images that it has."""
PULLING = "pulling"
INIT = "init"
"""Init containers run."""
STARTING = "starting"
"""The program has begun and is not known to be asked yet."""
PROBING = "probing"
"""It is asked, and does not answer as it should."""
OTHER = "other"

KINDS = (ENDING, NEEDS, SCALING, SCHEDULING, PREPARING, PULLING, INIT, STARTING, PROBING, OTHER)
"""In the order in which a wake goes through them."""


class Stage(str):
    """The words, with their kind; words alone are of the kind `other`."""

    __slots__ = ("kind",)

    kind: str

    def __new__(cls, kind: str, words: str) -> "Stage":
        """`kind` is one of KINDS."""
        self = super().__new__(cls, words)
        self.kind = kind
        return self


class Course:
    """How long a wake has been in stages of each kind, from its first moment on. Times are the clock's seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kind = OTHER
        self._since = now()
        self._spent: dict[str, float] = {}

    def at(self, stage: str) -> None:
        """It does this now."""
        self._turn(stage.kind if isinstance(stage, Stage) else OTHER)

    def spent(self) -> dict[str, float]:
        """Seconds by kind, up to now; of those that it came to."""
        self._turn(self._kind)
        return dict(self._spent)

    def _turn(self, kind: str) -> None:
        now = self._now()
        if now > self._since:
            self._spent[self._kind] = self._spent.get(self._kind, 0.0) + now - self._since
        self._kind, self._since = kind, now
