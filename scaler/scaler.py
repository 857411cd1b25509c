"""The scaler: carries events to the lifecycle, and its commands out into the world.

One method, `move`, takes an app from phase to phase; everything else either finds out that something happened and
calls it, or is called by it to do something. All of it runs in one event loop, so between two awaits nothing changes.
Work that takes time (a wake, a stop) is a task of the scaler's own group.

A scaler lives for one reign: when it leads no more, `run` is cancelled, and the next reign begins with a new one.
"""

import asyncio
import logging
from collections.abc import Callable

from scaler import orders, patience, reverts
from scaler.app import App, AppSpec
from scaler.bus import Bus
from scaler.describe import line_of, status_of
from scaler.draining import Draining
from scaler.idleness import Idleness
from scaler.leaving import Leaving
from scaler.lifecycle import Command, Event, Life, step
from scaler.links import Links
from scaler.logs.logs import Logs
from scaler.metrics import Metrics
from scaler.needs import UP, Needs
from scaler.page_log import PageLog
from scaler.proxies import Proxies
from scaler.requests import NOTHING, Requests
from scaler.runtime import Addresses, Runtime
from scaler.savings import Savings
from scaler.savings_report import Line
from scaler.sentences import phase_sentence
from scaler.shadow import Shadow
from scaler.standing import Standing, found
from scaler.status import AppStatus
from scaler.stopping import Slept, Stopping
from scaler.sweeping import Sweeper
from scaler.telling import Telling
from scaler.wake import wake
from torpor.clock import Clock, MachineClock
from torpor.words import AppId, Cause, Phase

logger = logging.getLogger(__name__)


class Scaler:
    """The apps of one machine or cluster, and what happens to them.

    Nobody is put to sleep within the first `settle` seconds: proxies of a scaler before may still be forwarding. Nor is
    anybody while `stay` gives more than 0: the seconds for which somebody outside wants all to stay awake.
    """

    def __init__(
        self,
        runtime: Runtime,
        *,
        clock: Clock | None = None,
        metrics: Metrics | None = None,
        savings: Savings | None = None,
        bus: Bus | None = None,
        settle: float = 0.0,
        stay: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.runtime = runtime
        self.clock = clock or MachineClock()
        self.bus = bus or Bus()
        self.apps: dict[AppId, App] = {}
        self.proxies = Proxies()
        self.savings = savings or Savings(self.clock)
        self.metrics = metrics or Metrics(self.statuses, self.savings, proxies=lambda: self.proxies, now=self.clock.now)
        self.needs = Needs(self.apps)
        settled_at = self.clock.now() + settle
        self.idleness = Idleness(self.needs, self.proxies, self.clock, settled_at=settled_at, stay=stay)
        self.telling = Telling(self.apps, self.bus, self.clock, self.status)
        self.on_revert: list[reverts.Reverted] = []
        self.on_slept: list[Slept] = []
        self.expires_at: Callable[[AppId], float | None] = lambda _: None
        """When an app is deleted unless it is used until then, in Unix seconds; whoever deletes apps says so."""
        self.draining = Draining(self)
        self.shadow = Shadow(self)
        self.sweeper = Sweeper(self)
        self.links = Links(self)
        self.logs = Logs(runtime, lambda: self.tasks)
        self._page_log = PageLog(self)
        self.over = False
        """Its reign has ended."""
        self._stopping = Stopping(self)
        self._leaving = Leaving(self, self._stopping)
        self._group: asyncio.TaskGroup | None = None

    # Running

    async def run(self) -> None:
        """Sweep for ever. Cancel it to end; wakes and stops under way are cancelled with it, and who waits is told."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                try:
                    await self.sweeper.run()
                finally:
                    self._group, self.over = None, True
        finally:
            for app in self.apps.values():
                self.savings.count(app.spec.id, NOTHING, asleep=False, shadow=False)
                app.tell()

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
        replicas, sleeps_at = self.runtime.replicas(app_id), self.idleness.sleeps_at(app)
        expires_at = self.expires_at(app_id)
        return status_of(app, self.proxies, self.clock, replicas=replicas, sleeps_at=sleeps_at, expires_at=expires_at)

    def saved(self) -> list[Line]:
        """What each app has saved by sleeping, by name; those that are only forwarded to never sleep."""
        managed = sorted(name for name, app in self.apps.items() if app.spec.managed)
        return [line_of(self.apps[name], self.savings, self.runtime.replicas_awake(name)) for name in managed]

    async def wake(self, app_id: AppId, cause: Cause) -> AppStatus:
        """Wake an app and return when it is awake. Raises KeyError, WakeFailed, NotManaged."""
        await orders.wake(self, app_id, cause)
        self.look_again(self.apps[app_id])
        return self.status(app_id)

    async def sleep(self, app_id: AppId) -> AppStatus:
        """Put an app to sleep, now, and return when it is. Raises KeyError, SleepRefused, NotManaged."""
        await orders.sleep(self, app_id)
        return self.status(app_id)

    # What configuration and the runtime bring

    def put(self, spec: AppSpec, *, outdated: bool = False, standing: Standing | None = None, news: str = "") -> None:
        """A new app, or a new word on one.

        `outdated`: what runs is not what is configured any more. `standing`: how an app was found that is new here, and
        `news`: what people are told of it then.
        """
        app = known = self.apps.get(spec.id)
        if known is not None and known.spec == spec and not outdated:
            return
        gone: list[AppId] = []
        if known is not None:
            self.needs.drop(spec.id, known.spec.needs)
            gone = [view for view in known.spec.views if view not in spec.views]
        if app is None or app.spec.managed != spec.managed:
            if known is not None:  # looked after no more, or from now on: in doubt it is up
                standing = standing or Standing(up=True, addresses=known.addresses)
            elif standing is None and (standing := self._leaving.standing(spec.id)):
                outdated = True  # nobody knows whether what runs is what is configured now
            app = self.apps[spec.id] = found(spec, standing, self.clock)
            self.savings.begin(spec.id, standing, self._rate(app))
            if known is not None:
                self._replace(known, app)
            else:
                self._leaving.back(app)
        app.spec = spec
        self.savings.measure(spec.id, spec.shadow)
        app.outdated = (app.outdated or outdated) and app.life.phase in UP
        self.needs.put(spec.id, spec.needs)
        if known is None:
            self.telling.found(app, news)
        else:
            self.telling.changed(app, gone=gone)
        if gone:  # what is open there is told with the proxies' next reports
            app.not_before = max(app.not_before, self.clock.now() + patience.CALLED_OFF_PAUSE)
            self.move(app, Event.BUSY, reason="its routes have changed")
        if spec.shadow and not app.outdated:
            self.move(app, Event.BUSY, reason=orders.SHADOW)
        self.reckon(app)
        self.sweeper.schedule(app)

    def _replace(self, old: App, new: App) -> None:
        """What proxies know of the app goes on."""
        if old.waking:
            old.waking.cancel()
        new.epoch, new.stopped, new.waking = old.epoch, old.stopped, old.waking
        new.last_access = old.last_access or new.last_access
        old.tell()

    def remove(self, app_id: AppId, *, grace: float | None) -> None:
        """An app is managed no more: no new visits, and it is stopped when nothing is in flight, or after the grace.

        Without a grace, what runs is left as it is.
        """
        app = self.apps.pop(app_id)
        self.needs.drop(app_id, app.spec.needs)
        self.sweeper.cancel(app_id)
        if app.waking:
            app.waking.cancel()
        status = AppStatus(app_id, app.life.phase, app.spec.hosts, None, 0, 0, app.spec.idle_timeout, None, 0, "", "")
        self.bus.publish(self.clock.wall(), "removed", status, f"{app_id} is managed no more")
        app.tell()
        self.telling.views_changed(app.spec.views)
        self._leaving.begin(app, grace)

    def addressed(self, app_id: AppId, addresses: Addresses) -> None:
        """An app answers elsewhere now. Nobody is woken or put to sleep by that, not even when it answers nowhere.

        While the app is being woken its start alone tells where it answers, so a runtime need not call this before
        `start` has returned.
        """
        app = self.apps.get(app_id)
        if app is None or app.addresses == addresses:
            return
        if app.life.phase in (Phase.AWAKE, Phase.DRAINING):
            app.addresses, app.addressed_at = addresses, self.clock.now()
            self.telling.moved(app)
        elif not app.stopped.is_set():
            app.addresses = addresses  # in case the stop is refused

    def reckon(self, app: App) -> None:
        """Keep the books on what it saves: from the moment when nothing of it is left until it is wanted again."""
        asleep = app.life.phase is Phase.ASLEEP and app.stopped.is_set() and not self.over
        shadow = app.shadow_since is not None and not self.over
        self.savings.count(app.spec.id, self._rate(app), asleep=asleep, shadow=shadow)

    def _rate(self, app: App) -> Requests:
        """What it has kept free for it while it is awake."""
        return app.spec.requests.times(self.runtime.replicas_awake(app.spec.id))

    def look_again(self, app: App) -> None:
        """Something about it has changed that may bring its sleep nearer, or put it off."""
        self.sweeper.schedule(app)

    def resized(self, app_id: AppId) -> None:
        """It may have another number of replicas now, or get another with its next wake."""
        if app := self.apps.get(app_id):
            self.reckon(app)

    def scaled(self, app_id: AppId, *, up: bool, reason: str) -> None:
        """Somebody else has scaled it. Up counts as a visit; down to nothing is left at that."""
        app = self.apps.get(app_id)
        if app is None or not app.spec.managed:
            return
        if not up:
            app.taken = True
            if app.stopped.is_set():  # else it is most likely our own doing
                self.move(app, Event.TAKEN, reason=reason)
            return
        if app.life.phase is Phase.ASLEEP:
            now = self.clock.now()
            app.reverts = reverts.undone(app.reverts, app.slept_at, now)
            if pause := reverts.pause_after(app.reverts):
                app.not_before = max(app.not_before, now + pause)
                self.telling.publish(app, "progress", f"{app_id} is {reverts.sentence(app.reverts, reason)}")
                for listener in self.on_revert:
                    listener(app_id, app.reverts, reason)
        self.move(app, Event.INSIST, cause=Cause("scaled", note=reason), reason=f"called off: {reason}")

    def lost(self, app_id: AppId, reason: str) -> None:
        """What ran has ended by itself."""
        if app := self.apps.get(app_id):
            app.lost = reason
            self.move(app, Event.LOST, reason=reason)

    # Moving

    def move(
        self, app: App, event: Event, *, cause: Cause | None = None, reason: str = "", forced: bool = False
    ) -> None:
        """Carry an event to an app, and the lifecycle's commands out. Once the reign is over, nobody is moved."""
        if self.over:
            return
        before, now = app.life, self.clock.now()
        app.life, commands = step(before, event, now)
        if app.life is before:
            return
        if app.life.phase is Phase.WAKING and cause:
            app.cause = cause
        app.reason = reason
        app.stage = ""
        kind = self._books(app, before, event)
        sentence = phase_sentence(app, before)
        if Command.STOP in commands:
            app.sleeps += 1
            app.slept_at, app.taken = now, False
            app.stopped.clear()  # now, not when the task runs: a wake may come in between
            self.tasks.create_task(self._stopping.stop(app, kind, sentence))
        elif app.life.phase is Phase.ASLEEP:
            self.slept(app, sentence)
        if Command.START in commands:
            if before.phase is Phase.ASLEEP and not (cause and cause.kind == "scaled"):
                app.reverts = 0
            app.lost, app.refused, app.outdated, app.found = None, False, False, False
            app.last_lines = ()
            if app.spec.policy.page_log:
                self.tasks.create_task(self._page_log.follow(app))
            app.waking = self.tasks.create_task(wake(self, app, after=app.waking))
        elif before.phase is Phase.WAKING and event is Event.TAKEN and app.waking:
            app.waking.cancel()
        if Command.CALL_OFF in commands:
            app.not_before = max(app.not_before, now + patience.CALLED_OFF_PAUSE)
            self.metrics.sleep_aborted(app.spec.id)
        self.reckon(app)
        app.drain = self.draining.question(app, forced=forced) if Command.DRAIN in commands else None
        self.telling.changed(app, sentence)
        self.sweeper.schedule(app)
        for need in app.spec.needs:
            if need in self.apps:
                self.sweeper.schedule(self.apps[need])
        if app.drain:
            self.draining.begin(app)
        elif event is Event.LOST and (users := self.needs.users(app.spec.id)):
            self.move(app, Event.KNOCK, cause=Cause("needed", note=f"it fell over, and {', '.join(users)} need it"))

    def _books(self, app: App, before: Life, event: Event) -> str:
        """Keep the books on the phase that ends, and on what the new one forgets; why it sleeps, if it does."""
        phase, app_id = app.life.phase, app.spec.id
        if phase is Phase.AWAKE and before.phase is Phase.WAKING:
            app.last_access = self.clock.now()
        if phase is Phase.FAILED or event in (Event.LOST, Event.TAKEN):
            app.addresses = {}
        if phase is not Phase.ASLEEP:
            return ""
        if event in (Event.LOST, Event.TAKEN):
            kind = "lost" if event is Event.LOST else "scaled"
            self.metrics.slept(app_id, kind)  # there is nothing left to stop
            return kind
        forced = app.drain is not None and app.drain.forced
        if before.phase is Phase.DRAINING and not app.reason:
            app.reason = "put to sleep by an operator" if forced else "idle"
        return "failed" if before.phase is Phase.FAILED else "operator" if forced else "idle"

    # What a stop and a wake report

    def slept(self, app: App, sentence: str) -> None:
        """Nothing is left of it: what it was stopped for has been done."""
        self.reckon(app)
        for listener in self.on_slept:
            listener(app.spec.id, sentence)

    def say(self, app: App, stage: str) -> None:
        """A wake tells what it does now."""
        self.telling.say(app, stage)

    def woken(self, app: App, outcome: Event, reason: str) -> None:
        """A wake has ended in READY or FAIL; `reason` tells why it failed."""
        if self.apps.get(app.spec.id) is app:
            by = app.cause.note if app.cause else ""
            self.move(app, outcome, reason=reason or reverts.sentence(app.reverts, by))

    def knock(self, app_id: AppId, cause: Cause) -> App:
        """Someone inside needs an app awake. Raises KeyError."""
        app = self.apps[app_id]
        self.move(app, Event.KNOCK, cause=cause, reason=str(cause))
        return app
