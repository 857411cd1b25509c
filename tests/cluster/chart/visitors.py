"""What visitors have under way when Torpor is taken out, and how the apps are that they visit."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.in_pods import SOON, InPods
from tests.cluster.torpor.looping import Looping
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.test_in_pods import wait_begun, wait_served


@dataclass(frozen=True, slots=True)
class Town:
    """Four apps: `dozer` is put to sleep, `short` sleeps whenever it can, `late` has never been up and is slow to
    start, `busy` is in use. `whose` makes their hosts those of no other test: its namespace may still be going."""

    torpor: InPods
    namespace: Space
    whose: str

    def move_in(self) -> None:
        """Until all are known, and `busy` is up."""
        slow = {"wake-timeout": "10m", "replicas": "1"}
        self.namespace.apply(
            *app(self.name("dozer"), replicas=2),
            *app(self.name("short"), replicas=1, annotations={"idle-timeout": "1s"}),
            *app(self.name("late"), environment={"START_DELAY_MS": 6000}, annotations=slow),
            *app(self.name("busy"), replicas=1),
        )
        wait_served(self.torpor, *map(self.name, ("busy", "dozer", "short", "late")))

    def put_to_sleep(self) -> None:
        """All but the one that is in use."""
        asleep = f"/v1/apps/{self.id('dozer')}/sleep"  # a scaler that has only just begun refuses that
        until(lambda: self.torpor.api("POST", asleep)[0] == 200, SOON, "a sleep", beat=0.5)
        until(lambda: not self.counts()["short"], SOON, "a sleep by itself", beat=0.2)
        assert self.counts() == {"dozer": 0, "short": 0, "late": 0, "busy": 1}

    def counts(self) -> dict[str, int]:
        """How many are wanted of each."""
        return {name: self.namespace.replicas(self.name(name)) for name in ("dozer", "short", "late", "busy")}

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """At each proxy an answer, and a visit that waits for the app that is slow to start. None may be lost."""
        doors = self.torpor.doors()
        answers = [Looping(door, self.host("busy"), "/slow?ms=12000", times=1) for door in doors]
        held = [Looping(door, self.host("late"), times=1) for door in doors]
        with contextlib.ExitStack() as stack:
            for each in (*answers, *held):
                stack.enter_context(each)
            wait_begun(self.torpor, self.id("busy"), "in_flight", answers)
            wait_begun(self.torpor, self.id("late"), "held", held)
            yield
        assert [failure for each in (*answers, *held) for failure in each.failures] == []
        assert [each.count for each in (*answers, *held)] == [1] * len(doors) * 2

    def name(self, app: str) -> str:
        """Of its Deployment."""
        return f"{app}-{self.whose}"

    def id(self, app: str) -> str:
        """As Torpor calls it."""
        return f"{self.namespace.name}/{self.name(app)}"

    def host(self, app: str) -> str:
        """Where it is visited."""
        return f"{self.name(app)}.test"
