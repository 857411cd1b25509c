"""Who needs whom: an index by the one that is needed, so that nobody has to search all apps."""

from collections.abc import Mapping

from scaler.app import App
from torpor.words import AppId, Phase

UP = (Phase.WAKING, Phase.AWAKE, Phase.DRAINING)
"""The phases in which something may be running."""


class Needs:
    """The dependants of each app. `apps` is read, never changed; what is needed may not exist."""

    def __init__(self, apps: Mapping[AppId, App]) -> None:
        self._apps = apps
        self._dependants: dict[AppId, set[AppId]] = {}

    def put(self, app: AppId, needs: tuple[AppId, ...]) -> None:
        """From now on the app needs these."""
        for need in needs:
            self._dependants.setdefault(need, set()).add(app)

    def drop(self, app: AppId, needs: tuple[AppId, ...]) -> None:
        """It needs these no more."""
        for need in needs:
            dependants = self._dependants.get(need, set())
            dependants.discard(app)
            if not dependants:
                self._dependants.pop(need, None)

    def dependants(self, app: AppId) -> list[App]:
        """The apps that need this one."""
        return [self._apps[user] for user in self._dependants.get(app, ()) if user in self._apps]

    def users(self, app: AppId, *, shadow: bool = False) -> list[AppId]:
        """Those of them that run; with `shadow`, that would run."""
        up = (user for user in self.dependants(app) if user.life.phase in UP)
        return sorted(user.spec.id for user in up if not shadow or user.shadow_since is None)
