"""One wake, from the first knock to its end: ready, failed with the runtime's own reason, or timed out.

Dependencies first, side by side; then the app. The whole of it is bounded by the app's `wake_timeout`. Single-flight
is the lifecycle's doing: it starts a wake only on the way into *waking*.
"""

import asyncio
import logging
from typing import Protocol

from scaler.app import App
from scaler.lifecycle import Event
from scaler.metrics import Metrics
from scaler.runtime import Runtime, Say, StartFailed
from scaler.stage import ENDING, NEEDS, Course, Stage
from torpor.clock import Clock
from torpor.duration import format_duration
from torpor.words import AppId, Cause, Phase

logger = logging.getLogger(__name__)


class House(Protocol):
    """What a wake needs of the scaler."""

    runtime: Runtime
    clock: Clock
    metrics: Metrics

    def knock(self, app_id: AppId, cause: Cause) -> App:
        """Ask for another app to be awake. Raises KeyError."""

    def say(self, app: App, stage: str) -> None:
        """Tell people what the wake does now."""

    def woken(self, app: App, outcome: Event, reason: str) -> None:
        """The wake has ended in READY or FAIL."""


async def wake(house: House, app: App, *, after: asyncio.Task[None] | None = None) -> None:
    """Wake an app and tell the house how it ended. Always ends; raises nothing but cancellation.

    `after` is the wake before, which may have been given up and is not yet out of the way.
    """
    began = house.clock.now()
    course = Course(house.clock.now)

    def say(stage: str) -> None:
        course.at(stage)
        house.say(app, stage)

    limit = app.spec.policy.wake_timeout
    outcome, reason = "ready", ""
    try:
        async with asyncio.timeout(limit) as deadline:
            if after is not None:
                await asyncio.wait({after})
            await _start(house, app, say)
        if app.lost is not None:
            outcome, reason = "failed", app.lost
    except StartFailed as error:
        outcome, reason = "failed", str(error)
    except TimeoutError:
        if deadline.expired():
            outcome, reason = "timeout", f"not ready after {format_duration(limit)}: {app.stage or 'still starting'}"
        else:
            outcome, reason = "failed", "the runtime did not answer in time"
    except Exception:
        logger.exception("waking %s went wrong", app.spec.id)
        outcome, reason = "failed", "an error inside Torpor; its log says more"
    seconds = house.clock.now() - began
    if outcome == "ready":
        app.wakes.append(seconds)
        house.metrics.stages(app.spec.id, course.spent())
    house.metrics.wake(app.spec.id, app.cause.kind if app.cause else "other", outcome, seconds)
    house.woken(app, Event.READY if outcome == "ready" else Event.FAIL, reason)


async def _start(house: House, app: App, say: Say) -> None:
    if not app.stopped.is_set():
        say(Stage(ENDING, "waiting for the last run to end"))
        await app.stopped.wait()
    if app.spec.needs:
        say(Stage(NEEDS, f"waiting for {', '.join(app.spec.needs)}"))
        try:
            async with asyncio.TaskGroup() as group:
                for need in app.spec.needs:
                    group.create_task(_need(house, app, need))
        except* StartFailed as errors:
            raise StartFailed("; ".join(str(error) for error in errors.exceptions)) from None
    app.addresses = await house.runtime.start(app.spec.id, say)


async def _need(house: House, app: App, need: AppId) -> None:
    try:
        needed = house.knock(need, Cause("needed", note=f"{app.spec.id} needs it"))
    except KeyError:
        raise StartFailed(f"needs {need}, which is managed no more") from None
    while needed.life.phase is Phase.WAKING:
        await needed.changed.wait()
    if needed.life.phase is not Phase.AWAKE:
        raise StartFailed(f"needs {need}, which failed: {needed.reason}")
