import pytest

from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults


class Cluster(Discovery):
    """Discovery with short ways to ask for what tests want to know."""

    def routes(self, app: str) -> dict[str, tuple[str, ...]]:
        """The routes of an app by door."""
        return {door.key: door.routes for door in self.apps[app].doors}

    def reasons(self, name: str | None = None) -> set[Reason]:
        """What is wrong, notes aside."""
        return {problem.reason for problem in self.problems if not problem.note and name in (None, problem.about.name)}

    def notes(self) -> set[Reason]:
        """What is worth knowing."""
        return {problem.reason for problem in self.problems if problem.note}


@pytest.fixture
def cluster() -> Cluster:
    return Cluster(Serve(), Defaults())
