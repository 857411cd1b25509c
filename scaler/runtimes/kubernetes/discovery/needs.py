"""Which app needs which: who has to be looked at again when that changes, and which needs run in a circle.

Every need inside a circle is left out, whichever came first, so that the same objects always give the same apps.
"""

from collections.abc import Iterable, Mapping

from torpor.words import AppId


class Needs:
    """The needs as they are declared, both ways."""

    def __init__(self) -> None:
        self._needs: dict[AppId, tuple[AppId, ...]] = {}
        self._needed_by: dict[AppId, dict[AppId, None]] = {}
        self._circle: dict[AppId, frozenset[AppId]] = {}

    def put(self, app: AppId, needs: Iterable[AppId]) -> set[AppId]:
        """What it needs now; the apps that have to be looked at again, itself aside."""
        before, after = self._needs.get(app, ()), tuple(needs)
        if before == after:
            return set()
        touched = {*before, *after, *self._circle.get(app, ())}
        for need in before:
            del self._needed_by[need][app]
            if not self._needed_by[need]:
                del self._needed_by[need]
        self._needs.pop(app, None)
        if after:
            self._needs[app] = after
        for need in after:
            self._needed_by.setdefault(need, {})[app] = None
        self._close(app, touched)
        touched |= self._circle.get(app, frozenset())
        touched.discard(app)
        return touched

    def _close(self, app: AppId, touched: set[AppId]) -> None:
        """Only circles through this app can have come or gone: those of its old one look again."""
        old = self._circle.get(app, frozenset({app}))
        for member in old | {app}:
            self._circle.pop(member, None)
        for member in sorted(old | {app}):
            if member not in self._circle:
                circle = _reach(member, self._needs) & _reach(member, self._needed_by)
                for other in circle:
                    self._circle[other] = circle
                touched |= circle

    def needed_by(self, app: AppId) -> Iterable[AppId]:
        """Who needs it."""
        return self._needed_by.get(app, {}).keys()

    def circle(self, app: AppId) -> frozenset[AppId]:
        """All apps that it needs, round some corners, and that need it as well; empty where there are none."""
        return self._circle.get(app, frozenset())


def _reach(app: AppId, ways: Mapping[AppId, Iterable[AppId]]) -> frozenset[AppId]:
    """Everything that can be reached from it in one step or more."""
    reached: set[AppId] = set()
    ahead = list(ways.get(app, ()))
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead.extend(ways.get(name, ()))
    return frozenset(reached)
