"""The sets of the allowed namespaces as last seen, and what is known of the use of their apps. No call of the API."""

from collections import defaultdict
from collections.abc import Iterable

from scaler.applier.expiry import Expiry, Use, expiry
from scaler.applier.members import Member
from scaler.applier.set_status import SetStatus
from scaler.applier.sets import SetId
from scaler.runtimes.kubernetes.picture import Picture
from scaler.scaler import Scaler
from torpor.words import AppId, Phase


class Book:
    """`counting`: the kinds, as roles name them, whose objects are workloads."""

    def __init__(self, scaler: Scaler, picture: Picture, counting: frozenset[str]) -> None:
        self._scaler = scaler
        self._picture = picture
        self._counting = counting
        self._sets: dict[SetId, list[Member]] = {}
        self._of: dict[AppId, SetId] = {}

    def seen(self, members: Iterable[Member], which: SetId | None = None) -> None:
        """These are all members of a set, or of all sets."""
        sets: defaultdict[SetId, list[Member]] = defaultdict(list)
        for member in members:
            if member.ours and not member.deleting:
                sets[member.set].append(member)
        if which is None:
            self._sets = dict(sets)
        else:
            self._sets.pop(which, None)
            self._sets |= sets
        self._of = {app: each for each in self._sets for app in self.apps(each)}

    def all(self) -> list[SetId]:
        """By name."""
        return sorted(self._sets)

    def members(self, which: SetId) -> list[Member]:
        """As last seen."""
        return self._sets.get(which, [])

    def apps(self, which: SetId) -> list[AppId]:
        """The workloads of a set, as apps are called."""
        members = self.members(which)
        return [f"{which.namespace}/{one.name}" for one in members if one.kind.resource in self._counting]

    def expiry(self, which: SetId) -> Expiry | None:
        """As things stand."""
        return self.expiry_of(which, self.members(which))

    def expiry_of(self, which: SetId, members: list[Member], left: list[Member] | None = None) -> Expiry | None:
        """The same, for members that somebody has just looked at; `left` are those that have not been deleted since."""
        there = members if left is None else left
        apps = [f"{which.namespace}/{one.name}" for one in there if one.kind.resource in self._counting]
        return expiry(members, [self._use(app) for app in apps])

    def expires_at(self, app: AppId) -> float | None:
        """When the set of an app expires, in Unix seconds."""
        which = self._of.get(app)
        found = self.expiry(which) if which is not None else None
        return found.at if found is not None else None

    def statuses(self) -> list[SetStatus]:
        """All sets, by name."""
        return [self._status(which) for which in self.all()]

    def _status(self, which: SetId) -> SetStatus:
        found = self.expiry(which)
        objects = tuple(f"{one.kind.resource}/{one.name}" for one in self.members(which))
        return SetStatus(str(which), objects, tuple(self.apps(which)), found.at if found is not None else None)

    def _use(self, name: AppId) -> Use | None:
        """An app goes to sleep before its set may expire, by the two steps that lose no visit; but for one that never
        sleeps."""
        scaler = self._scaler
        app = scaler.apps.get(name)
        if app is None or not app.spec.managed:
            return None
        now = scaler.clock.now()
        wall = scaler.clock.wall() - now
        if app.life.phase in (Phase.ASLEEP, Phase.FAILED):
            last, used = app.last_access, False
        else:
            doubt = scaler.idleness.doubt() is not None or not scaler.proxies.live()
            open_ = bool(scaler.proxies.in_flight(name) or scaler.proxies.held(name))
            last = now if open_ else scaler.idleness.since(app)
            used = open_ or doubt or app.life.phase is not Phase.AWAKE or bool(app.spec.idle_timeout)
        return Use(None if last is None else last + wall, used)
