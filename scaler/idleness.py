"""How long an app has been idle, and when that is long enough. Reads apps and proxies; decides, and does nothing.

In doubt, awake: while a proxy is out of reach, while none has come since the last one was lost, and while this scaler
is so new that proxies of the one before may not have found it, nobody is put to sleep. Nor is anybody while somebody
outside says so, who is about to take Torpor away.
"""

import math
from collections.abc import Callable

from scaler.app import App
from scaler.needs import Needs
from scaler.proxies import Proxies
from torpor.clock import Clock
from torpor.words import AppId, Phase


class Idleness:
    """Times are monotonic seconds. Nobody is put to sleep before `settled_at`, nor while `stay` gives more than 0."""

    def __init__(
        self, needs: Needs, proxies: Proxies, clock: Clock, *, settled_at: float, stay: Callable[[], float]
    ) -> None:
        self._needs = needs
        self._proxies = proxies
        self._clock = clock
        self._settled_at = settled_at
        self._stay = stay

    def doubt(self) -> str | None:
        """Why nobody can be put to sleep now, for people; None when nothing stands against it."""
        if away := self._proxies.out_of_reach():
            return f"proxy {away[0].name} is out of reach"
        if missed := self._proxies.missed:
            return f"proxy {missed} was lost and none has come since: it may be in use"
        if self._clock.now() < self._settled_at:
            return "this scaler has only just begun: proxies may not have found it yet"
        if self._stay() > 0:
            return "Torpor is about to be taken away, and leaves everybody awake"
        return None

    def sleeps_at(self, app: App) -> float | None:
        """When an app that is up goes to sleep if nobody comes; None while it cannot."""
        spec = app.spec
        if not spec.managed or self.users(app):
            return None
        failed = app.life.phase is Phase.FAILED
        if (failed and spec.shadow) or app.shadow_since is not None:
            return None
        if not failed:
            if self._proxies.in_flight(spec.id) or self._proxies.held(spec.id):
                return None
            if not self._proxies.live() or self._proxies.out_of_reach():
                return None
        if app.outdated and not failed:
            return max(app.not_before, self._earliest())
        if not spec.idle_timeout:
            return None
        return self._kept(app, max(self.since(app) + spec.idle_timeout, app.not_before, self._earliest()))

    def users(self, app: App) -> list[AppId]:
        """The apps that keep it awake by needing it."""
        return self._needs.users(app.spec.id, shadow=app.spec.shadow)

    def since(self, app: App) -> float:
        """The last time that it, or an app that needs it, was used."""
        used = [user.last_access or 0.0 for user in self._needs.dependants(app.spec.id)]
        life = app.life
        began = life.since if life.phase in (Phase.WAKING, Phase.FAILED) else 0.0
        return max([app.last_access or 0.0, began, self._unheard(app), *used])

    def is_idle(self, app: App) -> bool:
        """Whether it has been idle for long enough."""
        return app.outdated or self.since(app) + app.spec.idle_timeout <= self._clock.now()

    def _earliest(self) -> float:
        """Before this nobody is put to sleep."""
        wait = self._stay()
        return max(self._settled_at, self._clock.now() + wait) if wait > 0 else self._settled_at

    def _kept(self, app: App, at: float) -> float | None:
        """Not before the end of the hours in which it is kept awake. Those are the wall clock's, so they are reckoned
        anew each time: a wall clock that was set is noticed when the sweeper looks next."""
        if not app.spec.keep_awake.windows:
            return at
        now = self._clock.now()
        ahead = max(at, now)
        wall = self._clock.wall() + (ahead - now)
        until = app.spec.keep_awake.until(wall)
        if until is None:
            return at
        return None if math.isinf(until) else ahead + (until - wall)

    def _unheard(self, app: App) -> float:
        """An app that was found up may have had visits until the oldest proxy came up: no proxy can tell of those."""
        return self._proxies.since or 0.0 if app.found else 0.0
