"""What a change makes worth another look, in the order in which that is looked at."""

from dataclasses import dataclass, field

from scaler.runtimes.kubernetes.discovery.claims import ServiceKey, Touched
from scaler.runtimes.kubernetes.discovery.ways import Way
from scaler.runtimes.kubernetes.objects.reading import Ref
from torpor.words import AppId


@dataclass(slots=True)
class Dirty:
    """Each step adds to the later ones only."""

    names: set[AppId] = field(default_factory=set)
    """Workloads of these names have come, gone, or say something else of themselves."""
    routes: set[Ref] = field(default_factory=set)
    """HTTPRoutes that may ask for something else."""
    ways: set[Way] = field(default_factory=set)
    services: set[ServiceKey] = field(default_factory=set)
    apps: set[AppId] = field(default_factory=set)
    moved: set[AppId] = field(default_factory=set)
    """Only their count or their version has changed."""

    def touch(self, touched: Touched) -> None:
        """Claims have changed."""
        self.ways |= touched.ways
        for place in touched.places:
            if isinstance(place, str):
                self.apps.add(place)
            else:
                self.services.add(place)
