"""Keeps the placeholders as they are wanted, for the length of a reign: one write where something has changed.

What somebody else does to them is undone, later each time in a row; what cannot be written is tried again, later each
time too. Nothing that goes wrong here ends a reign.
"""

import asyncio
import logging
from collections.abc import Iterable
from time import monotonic
from typing import Any

from scaler.requests import Requests
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS, PRIORITY_CLASSES
from scaler.runtimes.kubernetes.api.one import One
from scaler.runtimes.kubernetes.api.watch import Watch
from scaler.runtimes.kubernetes.headroom.placeholders import MANAGER, NAME, Held, manifest, read_held
from scaler.runtimes.kubernetes.headroom.room import Room, decide
from scaler.runtimes.kubernetes.headroom.sizes import Sizes
from scaler.runtimes.kubernetes.headroom.step import Row, Step, Wrote, pause, step
from scaler.runtimes.kubernetes.objects.reading import mapping, number, text
from scaler.runtimes.kubernetes.objects.requests import in_words
from scaler.runtimes.kubernetes.picture import Picture
from torpor.headroom_settings import HeadroomSettings
from torpor.quantity import millis, whole
from torpor.words import AppId

logger = logging.getLogger(__name__)

BEAT = 1.0
"""Seconds in which what changes is one write: apps often fall asleep together."""


class NoClass(Exception):  # noqa: N818 - reads as what happened
    """There is no PriorityClass that will do; `str()` says why."""


class Keeper:
    """`run` it while leading. `home` is Torpor's own namespace."""

    def __init__(self, cluster: Cluster, picture: Picture, settings: HeadroomSettings, home: str) -> None:
        self._cluster = cluster
        self._picture = picture
        self._settings = settings
        self._home = home
        self._most = Room(settings.count, Requests(millis(settings.most_cpu), whole(settings.most_memory)))
        self._sizes = Sizes(picture)
        self._read = asyncio.Event()
        """It is known whether there are any."""
        self._news = asyncio.Event()
        self._there: Held | None = None
        self._wrote: Wrote | None = None
        self._row = Row()
        self._failures = 0
        self._said = ""

    async def run(self) -> None:
        """For ever."""
        watch = Watch(
            *(self._cluster, DEPLOYMENTS, One("what holds room", self._saw)),
            namespace=self._home,
            field_selector=f"metadata.name={NAME}",
            trim=lambda item: item,
        )
        self._picture.on_apps.append(self._changed)
        self._picture.on_pods.append(self._sizes.look)
        self._changed(list(self._picture.apps))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(watch.run())
                await self._read.wait()
                while True:
                    await self._news.wait()
                    await asyncio.sleep(BEAT)
                    self._news.clear()
                    await self._look()
        finally:
            self._picture.on_apps.remove(self._changed)
            self._picture.on_pods.remove(self._sizes.look)

    def _changed(self, apps: Iterable[AppId]) -> None:
        self._sizes.look(apps)
        self._news.set()

    def _saw(self, item: Json | None) -> None:
        self._there = read_held(item) if item is not None else None
        self._read.set()
        self._news.set()

    async def _look(self) -> None:
        if self._step() is Step.MEND:
            self._row = self._row.once_more(monotonic())
            times = f" ({self._row.times} times in a row)" if self._row.times > 1 else ""
            self._tell(f"{self._undone()}{times}: put back in {self._row.pause:g}s", logging.WARNING)
            await asyncio.sleep(self._row.pause)
        match self._step():
            case Step.LEAVE:
                self._tell("a Deployment of this name is there that is not Torpor's: it is let be", logging.WARNING)
            case Step.WRITE | Step.MEND:
                await self._write()
            case Step.REST:
                pass

    def _undone(self) -> str:
        if self._there is None:
            return "somebody has deleted them"
        return f"{next(iter(self._there.others), 'somebody')} has changed them"

    def _step(self) -> Step:
        return step(self._wrote, self._there, self._wanted())

    def _wanted(self) -> Room:
        held = self._wrote.room if self._wrote is not None else self._there.room if self._there is not None else None
        return decide(self._sizes.sleepers(), self._most, held)

    async def _write(self) -> None:
        room = self._wanted()
        try:
            body = manifest(room, self._settings, await self._class())
            how: dict[str, Any] = {"how": "apply", "field_manager": MANAGER, "force": True}
            said = await self._cluster.patch(DEPLOYMENTS, self._home, NAME, body, **how)
        except (ApiError, NoClass) as error:
            self._failures += 1
            self._tell(f"they cannot be written: {error}", logging.WARNING)
            await asyncio.sleep(pause(self._failures))
            self._news.set()
            return
        self._failures = 0
        self._there = held = read_held(said)
        self._wrote = Wrote(held.uid, held.generation, room)
        self._tell(f"{room.pods} of {in_words(room.each)}")

    async def _class(self) -> str:
        """The uid of the PriorityClass. Raises NoClass, ApiError."""
        name = self._settings.priority_class
        try:
            found = await self._cluster.get(PRIORITY_CLASSES, None, name)
        except ApiError as error:
            if error.not_found:
                raise NoClass(f"there is no PriorityClass {name}") from None
            raise
        if number(found.get("value"), 0) >= 0:
            raise NoClass(f"the value of PriorityClass {name} is not below zero: they would be in others' way")
        return text(mapping(found.get("metadata")).get("uid"))

    def _tell(self, text: str, level: int = logging.INFO) -> None:
        if text != self._said:
            logger.log(level, "placeholders %s/%s: %s", self._home, NAME, text)
        self._said = text
