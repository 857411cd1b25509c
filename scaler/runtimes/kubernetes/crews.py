"""The pods of all apps at work: which of them serve, asked as often as it takes, told to whoever wants to know."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

from scaler.runtime import Addresses
from scaler.runtimes.kubernetes.objects.probe import Exec
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.pods.leaving import Leaving
from scaler.runtimes.kubernetes.pods.looking import Answer
from scaler.runtimes.kubernetes.pods.pod import Pod
from scaler.runtimes.kubernetes.pods.prober import Prober
from scaler.runtimes.kubernetes.pods.question import Ask
from scaler.runtimes.kubernetes.pods.serving import Serving, Use
from torpor.words import AppId

NOBODY = Use()


class Crews:
    """`async with Crews(picture) as crews:`. What it knows of an app goes when the picture has it no more."""

    def __init__(self, picture: Picture) -> None:
        self._picture = picture
        self._serving: dict[AppId, Serving] = {}
        self._leaving: dict[AppId, Leaving] = {}
        self._uses: dict[AppId, Use] = {}
        self._told: dict[AppId, Addresses] = {}
        self._words: dict[AppId, dict[str, str]] = {}
        self._timers: dict[AppId, asyncio.TimerHandle] = {}
        self._prober = Prober(self._answered, self._said)
        self._news: dict[AppId, asyncio.Event] = {}
        self.on_addresses: list[Callable[[AppId], None]] = []
        """Called when the addresses of an app are others than before."""

    async def __aenter__(self) -> Self:
        await self._prober.__aenter__()
        self._picture.on_apps.append(self._look)
        self._picture.on_pods.append(self._look)
        self._look(self._picture.apps)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._picture.on_apps.remove(self._look)
        self._picture.on_pods.remove(self._look)
        for timer in self._timers.values():
            timer.cancel()
        await self._prober.__aexit__(kind, error, trace)

    def addresses(self, app: AppId) -> Addresses:
        """Where it is served, by door."""
        found = self._picture.apps.get(app)
        if found is not None and found.backing is not None and found.backing.selector is None:
            return found.backing.addresses
        return self._uses.get(app, NOBODY).addresses

    def probed(self, app: AppId) -> Mapping[str, str]:
        """Its pods by uid that are being asked and have not given a good answer: what, and what they said last."""
        return self._words.get(app, {})

    def down(self, app: AppId) -> None:
        """It has been scaled to nothing, of which the picture need not know yet: its pods are about to go."""
        self._down(app)
        self._look_at(app)

    async def news(self, app: AppId, patience: float) -> None:
        """Wait until something about the app's pods or the app itself has changed, or for so many seconds."""
        event = self._news.setdefault(app, asyncio.Event())
        try:
            async with asyncio.timeout(patience):
                await event.wait()
        except TimeoutError:
            pass

    def _look(self, apps: Iterable[AppId]) -> None:
        for app in list(apps):
            self._look_at(app)

    def _look_at(self, app: AppId) -> None:
        if timer := self._timers.pop(app, None):
            timer.cancel()
        found = self._picture.apps.get(app)
        if found is None:
            self._forget(app)
            self._leaving.pop(app, None)
            self._told.pop(app, None)
        elif found.workload is not None and not found.workload.up:
            self._down(app)
        else:
            serving = self._serving.setdefault(app, Serving())
            # The probes of a backing's pods are not known here: they have one for all we know, which the kubelet asks.
            probe = found.probe if found.workload is not None else Exec()
            pods, stays = self._staying(app)
            use = self._uses[app] = serving.update(pods, found.doors, probe, time.time())
            self._prober.ask(app, use.asks)
            asked = {ask.life.uid for ask in use.asks}
            self._words[app] = {uid: words for uid, words in self._words.get(app, {}).items() if uid in asked}
            if waits := [wait for wait in (use.again, stays) if wait is not None]:
                loop = asyncio.get_running_loop()
                self._timers[app] = loop.call_later(min(waits), self._look_at, app)
        if news := self._news.pop(app, None):
            news.set()
        if (addresses := self.addresses(app)) != self._told.get(app, {}):
            self._told[app] = addresses
            for listener in self.on_addresses:
                listener(app)

    def _down(self, app: AppId) -> None:
        self._forget(app)
        if pods := self._picture.pods(app):
            self._leaving.setdefault(app, Leaving()).down(pods)
        else:
            self._leaving.pop(app, None)

    def _staying(self, app: AppId) -> tuple[list[Pod], float | None]:
        """Its pods, but for those that are about to go, and for how long these are left out."""
        pods, leaving = self._picture.pods(app), self._leaving.get(app)
        if leaving is None:
            return pods, None
        pods, wait = leaving.up(pods, asyncio.get_running_loop().time())
        if not leaving:
            del self._leaving[app]
        return pods, wait

    def _forget(self, app: AppId) -> None:
        if self._serving.pop(app, None) is not None:
            self._prober.ask(app, ())
        self._uses.pop(app, None)
        self._words.pop(app, None)

    def _answered(self, app: AppId, ask: Ask) -> None:
        if serving := self._serving.get(app):
            serving.answered(ask)
            self._look_at(app)

    def _said(self, app: AppId, ask: Ask, answer: Answer) -> None:
        if answer.reached and (serving := self._serving.get(app)):
            serving.refused(ask)
        self._words.setdefault(app, {})[ask.life.uid] = f"{ask.question} (last answer {answer.words})"
        if news := self._news.pop(app, None):
            news.set()
