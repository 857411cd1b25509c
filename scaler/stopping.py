"""The second step of a sleep: the stop, and the sleep taken back when the runtime refuses it.

What went wrong in a stop may have left the app up or not. It counts as up, at the addresses that were known: a visit
finds out at the first connect, and is held when nothing answers there; and a runtime that sees later that nothing is
left says so. Counted as asleep, an app that is up would be refused visits while its runtime cannot be reached.
"""

import logging
from collections.abc import Callable
from typing import Protocol

from scaler import patience
from scaler.app import App
from scaler.lifecycle import Event
from scaler.metrics import Metrics
from scaler.runtime import Runtime, StopRefused
from scaler.savings import Savings
from torpor.clock import Clock
from torpor.words import AppId

logger = logging.getLogger(__name__)

type Slept = Callable[[AppId, str], None]
"""Told of an app that sleeps, once that has been done and not before: which, and in what words."""


class House(Protocol):
    """What a stop needs of the scaler."""

    apps: dict[AppId, App]
    runtime: Runtime
    clock: Clock
    metrics: Metrics
    savings: Savings

    def move(self, app: App, event: Event, *, reason: str = "") -> None:
        """Carry an event to the app."""

    def slept(self, app: App, sentence: str) -> None:
        """It has been stopped."""


class Stopping:
    """One stop per app at a time: `App.stopped` is cleared by whoever orders it, before the task runs."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def stop(self, app: App, kind: str, sentence: str = "") -> None:
        """Stop the app. `kind` is why, for the metrics; the sentence says it for people."""
        clock = self._house.clock
        used = None if app.last_access is None else clock.wall() - (clock.now() - app.last_access)
        try:
            saved = self._house.savings.total(app.spec.id)
            await self._house.runtime.stop(app.spec.id, last_access=used, saved=saved)
            refusal = ""
        except StopRefused as refused:
            refusal = str(refused)
        except Exception:
            logger.exception("stopping %s went wrong", app.spec.id)
            refusal = "an error inside Torpor; its log says more"
        finally:
            app.stopped.set()
        if refusal and not app.taken:
            self._take_back(app, refusal)
            return
        app.kept, app.refusals, app.addresses = "", 0, {}
        if self._house.apps.get(app.spec.id) is app:
            self._house.metrics.slept(app.spec.id, kind)
            self._house.slept(app, sentence)

    def _take_back(self, app: App, reason: str) -> None:
        if self._house.apps.get(app.spec.id) is not app:
            return
        app.kept = f"the sleep was taken back: {reason}"
        app.refusals += 1
        app.slept_at = None
        app.not_before = max(app.not_before, self._house.clock.now() + patience.after_refusals(app.refusals))
        self._house.metrics.sleep_aborted(app.spec.id)
        self._house.move(app, Event.KEPT, reason=app.kept)
