"""The scaler: carries events to the lifecycle, and its commands out into the world.

One method, `_step`, moves an app from phase to phase; everything else either finds out that something happened and
calls it, or is called by it to do something. All of it runs in one event loop, so between two awaits nothing changes.
Work that takes time (a wake, a stop) is a task of the scaler's own group.
"""

import asyncio
import logging
from collections.abc import Callable

from scaler.app import App, AppSpec, Drain
from scaler.bus import Bus
from scaler.deadlines import Deadlines
from scaler.describe import status_of, view_of
from scaler.errors import SleepRefused, WakeFailed
from scaler.lifecycle import Command, Event, Life, step
from scaler.metrics import Metrics
from scaler.proxies import Proxies, Proxy
from scaler.runtime import Runtime
from scaler.sentences import phase_sentence
from scaler.status import AppStatus
from scaler.wake import wake
from torpor import link
from torpor.clock import Clock, MachineClock
from torpor.words import AppId, Cause, Phase

logger = logging.getLogger(__name__)

DRAIN_TIMEOUT = 5.0
"""Seconds for the proxies to acknowledge; much longer than the link's heartbeat, so only a stuck one misses it."""
CALLED_OFF_PAUSE = 5.0
"""Seconds before a sleep that was called off without a new visit is tried again."""
_UP = (Phase.WAKING, Phase.AWAKE, Phase.DRAINING)


class Scaler:
    """The apps of one machine or cluster, and what happens to them."""

    def __init__(self, runtime: Runtime, *, clock: Clock | None = None, metrics: Metrics | None = None) -> None:
        self.runtime = runtime
        self.clock = clock or MachineClock()
        self.bus = Bus()
        self.proxies = Proxies()
        self.metrics = metrics or Metrics(self.statuses, proxies=lambda: len(self.proxies.live()), wall=self.clock.wall)
        self.apps: dict[AppId, App] = {}
        self.on_change: list[Callable[[AppId], None]] = []
        """Called with every app that is new, changed or gone; the link server sends it on."""
        self._dependants: dict[AppId, set[AppId]] = {}
        self._deadlines: Deadlines[AppId | None] = Deadlines(self.clock)
        self._group: asyncio.TaskGroup | None = None

    # Running

    async def run(self) -> None:
        """Sweep for ever. Cancel it to end; wakes and stops under way are cancelled with it."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                async for key in self._deadlines.due():
                    self._look(key)
            finally:
                self._group = None

    @property
    def tasks(self) -> asyncio.TaskGroup:
        """Where work that takes time belongs."""
        if self._group is None:
            raise RuntimeError("the scaler does not run")
        return self._group

    # What operators ask

    def statuses(self) -> list[AppStatus]:
        """All apps, by name."""
        return [self.status(app) for app in sorted(self.apps)]

    def status(self, app_id: AppId) -> AppStatus:
        """One app. Raises KeyError."""
        app = self.apps[app_id]
        replicas = self.runtime.replicas(app_id)
        return status_of(app, self.proxies, self.clock, replicas=replicas, sleeps_at=self._sleeps_at(app))

    async def wake(self, app_id: AppId, cause: Cause) -> AppStatus:
        """Wake an app and return when it is awake. Raises KeyError, WakeFailed."""
        app = self.apps[app_id]
        self._step(app, Event.INSIST, cause=cause, reason=f"called off: {cause}")
        while app.life.phase is Phase.WAKING:
            await app.changed.wait()
            if self.apps.get(app_id) is not app:
                raise WakeFailed("it is managed no more")
        if app.life.phase in (Phase.AWAKE, Phase.DRAINING):
            app.last_access = self.clock.now()
            return self.status(app_id)
        raise WakeFailed(app.reason, max(0.0, app.life.retry_at - self.clock.now()))

    async def sleep(self, app_id: AppId) -> AppStatus:
        """Put an app to sleep by the same two steps, now. Raises KeyError, SleepRefused."""
        app = self.apps[app_id]
        if app.life.phase is Phase.WAKING:
            raise SleepRefused("it is waking; try again when it is awake")
        if users := self._users(app_id):
            raise SleepRefused(f"needed by {', '.join(users)}; put that to sleep first")
        sleeps = app.sleeps
        self._step(app, Event.IDLE, forced=True)
        while app.life.phase is Phase.DRAINING and app.sleeps == sleeps:
            await app.changed.wait()
        if app.sleeps == sleeps and app.life.phase in (Phase.AWAKE, Phase.WAKING):
            raise SleepRefused(app.reason)
        await app.stopped.wait()
        return self.status(app_id)

    # What configuration brings

    def put(self, spec: AppSpec, *, outdated: bool = False) -> None:
        """A new app, or a new word on one. `outdated`: what runs is not what is configured any more."""
        app = self.apps.get(spec.id)
        if app is None:
            app = self.apps[spec.id] = App(spec, Life(since=self.clock.now()))
        for need in app.spec.needs:
            self._dependants.get(need, set()).discard(spec.id)
        for need in spec.needs:
            self._dependants.setdefault(need, set()).add(spec.id)
        app.spec = spec
        app.outdated = (app.outdated or outdated) and app.life.phase in _UP
        self._changed(app)
        self._schedule(app)

    def remove(self, app_id: AppId, *, grace: float) -> None:
        """An app is managed no more: no new visits, and it is stopped when nothing is in flight, or after the grace."""
        app = self.apps.pop(app_id)
        for need in app.spec.needs:
            self._dependants.get(need, set()).discard(app_id)
        self._deadlines.cancel(app_id)
        if app.waking:
            app.waking.cancel()
        status = AppStatus(app_id, app.life.phase, app.spec.hosts, None, 0, 0, app.spec.idle_timeout, None, 0, "", "")
        self.bus.publish(self.clock.wall(), "removed", status, f"{app_id} is managed no more")
        app.tell()
        for listener in self.on_change:
            listener(app_id)
        self.tasks.create_task(self._leave(app, grace))

    async def _leave(self, app: App, grace: float) -> None:
        app_id = app.spec.id
        end = self.clock.now() + grace
        never = asyncio.Event()
        while self.proxies.busy(app_id) and self.clock.now() < end and app_id not in self.apps:
            await self.clock.wait(never, min(end, self.clock.now() + 0.25))
        if app_id not in self.apps:
            await self._stop(app)
            self.metrics.forget(app_id)

    # What proxies say

    def connected(self, name: str, engine: str) -> Proxy:
        """A proxy is there: sleeping is possible again, so deadlines are looked at anew."""
        proxy = self.proxies.connect(name, engine)
        logger.info("proxy %s (%s) is connected", name, engine)
        for app in self.apps.values():
            self._schedule(app)
        return proxy

    def disconnected(self, proxy: Proxy, *, clean: bool) -> None:
        """A proxy's link has ended; unless it said goodbye it counts as out of reach for a lease."""
        now = self.clock.now()
        self.proxies.disconnect(proxy, now, clean=clean)
        logger.info("proxy %s %s", proxy.name, "has gone" if clean else "is out of reach")
        for app in [a for a in self.apps.values() if a.drain and proxy.name in a.drain.waiting]:
            if clean:
                self._acknowledged(app, proxy)
            else:
                self._step(app, Event.BUSY, reason=f"proxy {proxy.name} is out of reach")
        if not clean:
            self._deadlines.set(None, now + link.LEASE)

    def reported(self, proxy: Proxy, app_id: AppId, work: link.Work) -> None:
        """Activity of one app in one proxy."""
        app = self.apps.get(app_id)
        seen = self.proxies.report(proxy, app_id, work, self.clock.now())
        if app is None:
            return
        if seen.last_access is not None:
            app.last_access = max(app.last_access or 0.0, seen.last_access)
        if app.life.phase is Phase.AWAKE:
            self._schedule(app)
        if self.bus.activity_wanted:
            self.bus.publish(self.clock.wall(), "activity", self.status(app_id), "")

    def knocked(self, knock: link.Knock) -> None:
        """A visit that counts has come for an app that its proxy cannot forward to."""
        if app := self.apps.get(knock.app):
            cause = Cause("visit", knock.method, knock.path, knock.user_agent, knock.client)
            self._step(app, Event.KNOCK, cause=cause, reason=f"a visit called it off: {cause}")

    def refused(self, down: link.Down) -> None:
        """An address refused a connection. The runtime knows better whether it lives; this is for people to read."""
        app = self.apps.get(down.app)
        if app and app.life.phase is Phase.AWAKE and not app.refused:
            app.refused = True
            self._publish(app, "progress", f"{app.spec.id} refuses connections at {down.address}: {down.error}")

    def drained(self, proxy: Proxy, message: link.Drained) -> None:
        """A proxy has closed its fast lane for an app, and says what is left."""
        self.reported(proxy, message.app, message.work)
        app = self.apps.get(message.app)
        if app is None or app.drain is None or message.epoch != app.epoch:
            return
        if message.work.busy or message.work.held:
            self._step(app, Event.BUSY, reason=f"{message.work.busy} in flight, {message.work.held} held")
        else:
            self._acknowledged(app, proxy)

    def lost(self, app_id: AppId, reason: str) -> None:
        """What ran has ended by itself."""
        if app := self.apps.get(app_id):
            app.lost = reason
            self._step(app, Event.LOST, reason=reason)

    # Moving

    def _step(
        self, app: App, event: Event, *, cause: Cause | None = None, reason: str = "", forced: bool = False
    ) -> None:
        before, now = app.life, self.clock.now()
        app.life, commands = step(before, event, now)
        if app.life is before:
            return
        if app.life.phase is Phase.WAKING and cause:
            app.cause = cause
        app.reason = reason
        app.stage = ""
        self._leaving(app, before, event)
        if Command.STOP in commands:
            app.sleeps += 1
            app.stopped.clear()  # now, not when the task runs: a wake may come in between
            self.tasks.create_task(self._stop(app))
        if Command.START in commands:
            app.lost, app.refused, app.outdated = None, False, False
            app.waking = self.tasks.create_task(wake(self, app))
        if Command.CALL_OFF in commands:
            app.not_before = now + CALLED_OFF_PAUSE
            self.metrics.sleep_aborted(app.spec.id)
        app.drain = None
        if Command.DRAIN in commands:
            waiting = {proxy.name for proxy in self.proxies.live()}
            app.drain = Drain(waiting, forced, now + DRAIN_TIMEOUT)
        self._changed(app, phase_sentence(app, before))
        self._schedule(app)
        for need in app.spec.needs:
            if need in self.apps:
                self._schedule(self.apps[need])
        if app.drain:
            self._begin_drain(app)
        elif event is Event.LOST and (users := self._users(app.spec.id)):
            self._step(app, Event.KNOCK, cause=Cause("needed", note=f"it fell over, and {', '.join(users)} need it"))

    def _leaving(self, app: App, before: Life, event: Event) -> None:
        """Keep the books on the phase that ends, and on what the new one forgets."""
        if before.phase is Phase.ASLEEP:
            self.metrics.asleep(app.spec.id, app.life.since - before.since)
        if app.life.phase in (Phase.ASLEEP, Phase.FAILED):
            app.addresses = ()
        if app.life.phase is Phase.ASLEEP and before.phase in _UP:
            kind = "lost" if event is Event.LOST else "operator" if app.drain and app.drain.forced else "idle"
            self.metrics.slept(app.spec.id, kind)
            if not app.reason and before.phase is Phase.DRAINING:
                app.reason = "put to sleep by an operator" if kind == "operator" else "idle"
        if app.life.phase is Phase.AWAKE and before.phase is Phase.WAKING:
            app.last_access = self.clock.now()

    def _begin_drain(self, app: App) -> None:
        if away := self.proxies.out_of_reach():
            self._step(app, Event.BUSY, reason=f"proxy {away[0].name} is out of reach")
        elif missed := self.proxies.missed:
            self._step(app, Event.BUSY, reason=f"proxy {missed} was lost and none has come since: it may be in use")
        elif app.drain and not app.drain.waiting:
            self._all_acknowledged(app, app.drain)

    def _acknowledged(self, app: App, proxy: Proxy) -> None:
        if app.drain:
            app.drain.waiting.discard(proxy.name)
            if not app.drain.waiting:
                self._all_acknowledged(app, app.drain)

    def _all_acknowledged(self, app: App, drain: Drain) -> None:
        if users := self._users(app.spec.id):
            self._step(app, Event.BUSY, reason=f"needed by {', '.join(users)}")
        elif not (drain.forced or app.outdated) and self._idle_since(app) + app.spec.idle_timeout > self.clock.now():
            self._step(app, Event.BUSY, reason="a visit has been there since")
        else:
            self._step(app, Event.DRAINED, reason="restarting it with its new settings" if app.outdated else "")

    async def _stop(self, app: App) -> None:
        try:
            await self.runtime.stop(app.spec.id)
        except Exception:
            logger.exception("stopping %s went wrong", app.spec.id)
        finally:
            app.stopped.set()

    # Looking

    def _look(self, key: AppId | None) -> None:
        """A deadline has come."""
        now = self.clock.now()
        if key is None:
            self._forget_proxies()
        elif (app := self.apps.get(key)) and app.drain and now >= app.drain.deadline:
            silent = ", ".join(sorted(app.drain.waiting))
            self._step(app, Event.BUSY, reason=f"proxy {silent} did not acknowledge")
        elif app and app.life.phase is Phase.AWAKE:
            at = self._sleeps_at(app)
            if at is not None and at <= now:
                self._step(app, Event.IDLE)
            else:
                self._schedule(app)

    def _forget_proxies(self) -> None:
        for proxy in self.proxies.forget(self.clock.now()):
            logger.warning("proxy %s is forgotten: nothing heard for %gs", proxy.name, link.LEASE)
            for app_id, seen in proxy.seen.items():
                if seen.busy and (app := self.apps.get(app_id)):
                    app.last_access = self.clock.now()  # in doubt it was in use until now
        for app in self.apps.values():
            self._schedule(app)

    def _schedule(self, app: App) -> None:
        """Look at the app again when something may be due; an earlier look already planned will do."""
        if app.drain:
            self._deadlines.set(app.spec.id, app.drain.deadline)
        elif app.life.phase is not Phase.AWAKE or (at := self._sleeps_at(app)) is None:
            self._deadlines.cancel(app.spec.id)
        elif (planned := self._deadlines.get(app.spec.id)) is None or at < planned:
            self._deadlines.set(app.spec.id, at)

    def _sleeps_at(self, app: App) -> float | None:
        """When an awake app goes to sleep if nobody comes; None while it cannot."""
        app_id = app.spec.id
        if self.proxies.in_flight(app_id) or self.proxies.held(app_id) or self._users(app_id):
            return None
        if not self.proxies.live() or self.proxies.out_of_reach():
            return None  # in doubt, awake
        if app.outdated:
            return app.not_before
        if not app.spec.idle_timeout:
            return None
        return max(self._idle_since(app) + app.spec.idle_timeout, app.not_before)

    def _idle_since(self, app: App) -> float:
        """The last time that it, or an app that needs it, was used."""
        used = [
            self.apps[user].last_access or 0.0 for user in self._dependants.get(app.spec.id, ()) if user in self.apps
        ]
        return max([app.last_access or 0.0, app.life.since if app.life.phase is Phase.WAKING else 0.0, *used])

    def _users(self, app_id: AppId) -> list[AppId]:
        """The apps that run and need this one."""
        found = (user for user in self._dependants.get(app_id, ()) if user in self.apps)
        return sorted(user for user in found if self.apps[user].life.phase in _UP)

    # Telling

    def _changed(self, app: App, sentence: str | None = None) -> None:
        app.epoch += 1
        self._publish(app, "phase" if sentence else "changed", sentence or f"{app.spec.id} has new settings")
        app.tell()
        for listener in self.on_change:
            listener(app.spec.id)

    def say(self, app: App, stage: str) -> None:
        """A wake tells what it does now."""
        if stage != app.stage and app.life.phase is Phase.WAKING:
            app.stage = stage
            app.epoch += 1
            self._publish(app, "progress", f"{app.spec.id}: {stage}")
            for listener in self.on_change:
                listener(app.spec.id)

    def _publish(self, app: App, what: str, sentence: str) -> None:
        self.bus.publish(self.clock.wall(), what, self.status(app.spec.id), sentence)

    def view(self, app_id: AppId) -> link.AppView | None:
        """An app as its proxies see it; None when it is managed no more."""
        app = self.apps.get(app_id)
        return view_of(app, self.clock.now()) if app else None

    # What a wake reports

    def woken(self, app: App, outcome: Event, reason: str) -> None:
        """A wake has ended in READY or FAIL; `reason` tells why it failed."""
        if self.apps.get(app.spec.id) is app:
            self._step(app, outcome, reason=reason)

    def knock(self, app_id: AppId, cause: Cause) -> App:
        """Someone inside needs an app awake. Raises KeyError."""
        app = self.apps[app_id]
        self._step(app, Event.KNOCK, cause=cause, reason=str(cause))
        return app
