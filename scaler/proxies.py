"""What the proxies have told: who is there, who is out of reach, and how busy each app is in each of them.

They tell it of each door of an app (scaler/doors.py), also of one that has been taken away while something is still
open there; what is open of the app is the sum.

A proxy is live while its link is open. When the link breaks without a goodbye it may still be forwarding (it gives up
its fast lane within `link.SILENCE` seconds of hearing nothing), so it stays *out of reach* for `link.LEASE` seconds,
in which nothing can be put to sleep; then it is forgotten. A proxy process that is killed gives up nothing, and its
engine may go on for longer: until that must be over, or another proxy has come in its place.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from scaler.doors import whose
from torpor import link
from torpor.words import AppId


@dataclass(slots=True)
class Seen:
    """The last word of one proxy about one door of an app. `last_access` is on the scaler's monotonic clock."""

    in_flight: int = 0
    busy: int = 0
    held: int = 0
    last_access: float | None = None


@dataclass(slots=True)
class Proxy:
    """One proxy, by the name it gives itself."""

    name: str
    engine: str
    alone: float = 0.0
    """Seconds that its engine may go on forwarding when its process is killed."""
    lost_at: float | None = None
    """When its link broke; None while it is live."""
    forgotten_at: float = 0.0
    """When one whose link broke is to be forgotten."""
    heard_at: float = 0.0
    """When it said something last."""
    load: link.Load | None = None
    """How full its engine was then, where it says."""
    seen: dict[AppId, dict[AppId, Seen]] = field(default_factory=dict)
    """By app, then by view; only what has something open."""

    def busy(self) -> list[AppId]:
        """The apps that have something open here that must not be cut off."""
        return [app for app, doors in self.seen.items() if any(seen.busy for seen in doors.values())]


class Proxies:
    """All proxies of this scaler."""

    def __init__(self) -> None:
        self._all: dict[str, Proxy] = {}
        self.missed: str | None = None
        """The proxy that was forgotten last, when none has come since: nobody knows what is in use."""
        self.since: float | None = None
        """When the oldest proxy that has ever come was started: none can tell of visits before."""

    def connect(self, name: str, engine: str, *, started_at: float, alone: float = 0.0) -> Proxy:
        """A proxy says hello. One that was out of reach goes on where it was: its reports will correct the rest."""
        self.since = started_at if self.since is None else min(self.since, started_at)
        known = self._all.get(name)
        proxy = Proxy(name, engine, alone, seen=known.seen if known else {})
        self._all[name] = proxy
        self.missed = None
        for other in self._all.values():
            if other.lost_at is not None:  # this one may have been started in its place
                other.forgotten_at = min(other.forgotten_at, other.lost_at + link.LEASE)
        return proxy

    def disconnect(self, proxy: Proxy, now: float, *, clean: bool, silent: bool = False) -> None:
        """Its link has ended; `silent` says that it only fell silent, and so has noticed it too or does not run.

        Does nothing when the proxy has come back on another link meanwhile.
        """
        if self._all.get(proxy.name) is not proxy:
            return
        if clean:
            del self._all[proxy.name]
        else:
            proxy.lost_at = now
            proxy.forgotten_at = now + (link.LEASE if silent else max(link.LEASE, proxy.alone))

    @property
    def next_forgotten(self) -> float | None:
        """When the next one is to be forgotten; None while all are live."""
        return min((proxy.forgotten_at for proxy in self.out_of_reach()), default=None)

    def forget(self, now: float) -> list[Proxy]:
        """Forget those that have been out of reach for long enough, and return them."""
        gone = [proxy for proxy in self.out_of_reach() if now >= proxy.forgotten_at]
        for proxy in gone:
            del self._all[proxy.name]
        if gone and not self._all:
            self.missed = gone[-1].name
        return gone

    def live(self) -> list[Proxy]:
        """Those whose link is open."""
        return [proxy for proxy in self._all.values() if proxy.lost_at is None]

    def out_of_reach(self) -> list[Proxy]:
        """Those that may still be forwarding, unheard."""
        return [proxy for proxy in self._all.values() if proxy.lost_at is not None]

    def report(self, proxy: Proxy, view: AppId, work: link.Work, now: float) -> Seen:
        """Take down what a proxy says about one door of an app."""
        app, _ = whose(view)
        last_access = None if work.idle_for is None else now - max(0.0, work.idle_for)
        seen = Seen(work.in_flight, work.busy, work.held, last_access)
        doors = proxy.seen.get(app, {})
        if seen.busy or seen.held:
            doors[view] = seen
        else:
            doors.pop(view, None)  # nothing open is what is assumed of a door not mentioned
        if doors:
            proxy.seen[app] = doors
        else:
            proxy.seen.pop(app, None)
        return seen

    def about(self, app: AppId) -> Iterator[Seen]:
        """What each proxy has open of an app, door by door."""
        for proxy in self._all.values():
            yield from proxy.seen.get(app, {}).values()

    def in_flight(self, app: AppId) -> int:
        """Visits that count and are not yet answered in full."""
        return sum(seen.in_flight for seen in self.about(app))

    def busy(self, app: AppId) -> int:
        """All that is not yet answered in full, crawlers and monitors included."""
        return sum(seen.busy for seen in self.about(app))

    def held(self, app: AppId) -> int:
        """Visits that wait."""
        return sum(seen.held for seen in self.about(app))
