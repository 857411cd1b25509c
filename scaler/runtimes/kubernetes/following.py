"""The output of all pods of an app, as they come and go: one stream of the API server's for each container.

A stream ends with its container's run, and also when a connection on the way breaks. It is taken up again where it
ended, as often as the container may have written since: while it runs, and once more when it does not any more. The API
server knows times by the second, so what has been told already is left out here.
"""

import asyncio
import logging
import time

from scaler.logs.line import Line, read_line, written_at
from scaler.logs.splitter import Splitter
from scaler.runtime import TakeLines
from scaler.runtimes.kubernetes.api.backoff import BackOff
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.logs import Place, places
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.pods.container import Container
from torpor.seam import Seam
from torpor.words import AppId

logger = logging.getLogger(__name__)

LOOK = 10.0
"""Seconds until the pods are looked at again without any news of them."""
LAST_WORDS = 5.0
"""Seconds for the stream of a pod that is gone to end by itself."""
PAUSES = (0.25, 4.0)
"""Seconds until a stream that has ended is taken up again: the first pause, doubled while nothing comes."""


async def follow(
    cluster: Cluster, picture: Picture, crews: Crews, app: AppId, take: TakeLines, lines: int | None, since: str
) -> None:
    """See `scaler.runtime.Runtime.follow`. Of pods that come later all lines are told."""
    streams: dict[Place, _Stream] = {}
    async with asyncio.TaskGroup() as group:
        first = True
        while True:
            there = places(picture.pods(app))
            for place, pod in there.items():
                stream = streams.get(place)
                if stream is None:
                    past = (lines, since) if first else (None, "")
                    stream = streams[place] = _Stream(cluster, place, take, *past)
                    stream.task = group.create_task(stream.run())
                stream.told(next(one for one in pod.containers if one.name == place.source.container))
            for place in [place for place in streams if place not in there]:
                streams.pop(place).leave()
            first = False
            await crews.news(app, LOOK)


class _Stream:
    """One container's."""

    def __init__(self, cluster: Cluster, place: Place, take: TakeLines, lines: int | None, since: str) -> None:
        self.task: asyncio.Task[None] | None = None
        self._cluster = cluster
        self._place = place
        self._take = take
        self._lines = lines
        self._seam = Seam(since)
        self._began = ""
        """When the first stream was asked for, by our own clock: better than nothing while no line has come."""
        self._now: Container | None = None
        self._gone = False
        self._news = asyncio.Event()
        self._trouble = ""

    def told(self, now: Container) -> None:
        """How the container is."""
        if now != self._now:
            self._now = now
            self._news.set()

    def leave(self) -> None:
        """The pod is there no more, or is followed no more: the stream ends, and soon in any case."""
        self._gone = True
        self._news.set()
        if self.task is not None:
            asyncio.get_running_loop().call_later(LAST_WORDS, self.task.cancel)

    async def run(self) -> None:
        """Tell the lines until the pod is gone."""
        back_off, pause = BackOff(), PAUSES[0]
        while not self._gone:
            self._news.clear()
            if self._now is None or not (self._now.running or self._now.last_exit):
                await self._wait(None)
                continue
            ran, last = self._now, self._seam.last
            try:
                await self._read()
                back_off.reset()
            except ApiError as error:
                self._say(error)
                if not error.not_found:
                    await self._wait(back_off.after(error))
                    continue
            pause = PAUSES[0] if self._seam.last != last else min(PAUSES[1], 2 * pause)
            await self._wait(pause if self._still(ran) else None)

    def _still(self, ran: Container) -> bool:
        """Whether there may be more to read, by what was known of the container when the last stream began."""
        now = self._now
        return now is not None and (now.running or now != ran)

    async def _wait(self, seconds: float | None) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._news.wait()
        except TimeoutError:
            pass

    async def _read(self) -> None:
        """One stream to its end. Raises ApiError."""
        where, source, splitter = self._place.namespace, self._place.source, Splitter()
        since = self._seam.last or self._began
        tail = None if since else self._lines
        if self._lines == 0 and not self._began:
            self._began = written_at(time.time())
        async with self._cluster.log(
            where, source.pod, container=source.container, tail=tail, since=since, follow=True
        ) as stream:
            self._trouble = ""
            self._seam.again()
            async for piece in stream.chunks():
                self._tell(splitter.feed(piece))
            self._tell(splitter.end())

    def _tell(self, written: list[str]) -> None:
        """What has no time is not the container's: with it a kubelet says why there is no more to read."""
        lines = [read_line(line, self._place.source) for line in written]
        if new := [line for line in lines if line.at and self._seam.new(line.at)]:
            self._take(new)

    def _say(self, error: ApiError) -> None:
        """What will not mend itself is for those who read, too."""
        if str(error) != self._trouble:
            self._trouble = str(error)
            logger.info("the output of %s/%s: %s", self._place.namespace, self._place.source.pod, error)
            if not (isinstance(error, Unreachable) or error.not_found or error.status in (400, 429)):
                self._take([Line("", self._place.source, f"({error.message})")])
