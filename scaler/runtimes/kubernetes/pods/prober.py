"""Asks pods, many times a second, until each has answered or is asked no more."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Iterator
from types import TracebackType
from typing import Self

from scaler.probing.patience import Patience
from scaler.probing.rhythm import Rhythm
from scaler.runtimes.kubernetes.pods.looking import Answer, look
from scaler.runtimes.kubernetes.pods.question import Ask
from torpor.words import AppId

MOST = 32
"""Questions to one app's pods at a time; the others' turn comes as these answer."""
_AT_ONCE = 256
"""Connections at a time."""
_LEAST = 0.02
_SHARE = 0.001
"""Of a second, for each pod that is asked: a thousand looks a second take about an eighth of a core."""
_WEARY = 1 / 600
"""What has not answered for long is asked at longer intervals: after a minute every 100 ms, after an hour every 5 s."""
_SELDOM = 5.0
_CONNECT, _LONGEST_CONNECT = 0.2, 3.0
"""Seconds: short at first, because a packet that a new pod's network has lost is sent again only after a second."""
_LONGEST_ANSWER = 8.0

logger = logging.getLogger(__name__)

type Answered = Callable[[AppId, Ask], None]
type Said = Callable[[AppId, Ask, Answer], None]
"""The last answer, when it was not a good one and not the same as before."""


class Prober:
    """`async with Prober(answered, said) as prober:`; both are called on the event loop, and may ask anew."""

    def __init__(self, answered: Answered, said: Said | None = None) -> None:
        self._answered = answered
        self._said: Said = said or _nobody
        self._asks: dict[AppId, dict[Ask, asyncio.Task[None]]] = {}
        self._rhythm = Rhythm(least=_LEAST, share=_SHARE)
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._tasks = asyncio.TaskGroup()

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for app in list(self._asks):
            self.ask(app, ())
        await self._tasks.__aexit__(None, None, None)

    def ask(self, app: AppId, asks: Collection[Ask]) -> None:
        """Ask these of the app's pods, in order of importance, and no others any more."""
        mine = self._asks.pop(app, {})
        wanted = dict.fromkeys(asks)
        for ask in mine.keys() - wanted.keys():
            mine.pop(ask).cancel()
        for ask in wanted:
            if len(mine) >= MOST:
                break
            if ask not in mine:
                mine[ask] = self._tasks.create_task(self._until_answered(app, ask))
        if mine:
            self._asks[app] = mine

    def __len__(self) -> int:
        return sum(map(len, self._asks.values()))

    async def _until_answered(self, app: AppId, ask: Ask) -> None:
        with self._rhythm.probed():
            await self._good_answer(app, ask)
        mine = self._asks[app]
        del mine[ask]
        if not mine:
            del self._asks[app]
        with _noted(app):
            self._answered(app, ask)

    async def _good_answer(self, app: AppId, ask: Ask) -> None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        timeout = float(ask.question.probe.timeout if ask.question.probe is not None else 1)
        connecting, answering = Patience(_CONNECT, _LONGEST_CONNECT), Patience(timeout, max(timeout, _LONGEST_ANSWER))
        last = Answer(good=False, listens=False, words="")
        while True:
            async with self._places:
                began = loop.time()
                answer = await self._look(ask, connecting.seconds, answering.seconds)
            if answer.good:
                return
            took = loop.time() - began
            (answering if answer.listens else connecting).tried(took)
            if answer.words != last.words:
                with _noted(app):
                    self._said(app, ask, answer)
            last = answer
            period = self._rhythm.period(began - start, answers=answer.listens)
            period = max(period, min((began - start) * _WEARY, _SELDOM))
            await asyncio.sleep(max(0.0, period - took))

    async def _look(self, ask: Ask, connecting: float, answering: float) -> Answer:
        try:
            return await look(ask.question, connecting, answering)
        except Exception:
            logger.exception("%s cannot be asked", ask.question)
            return Answer(good=False, listens=False, words="an error inside Torpor")


@contextlib.contextmanager
def _noted(app: AppId) -> Iterator[None]:
    """What goes wrong with one app's answer must not stop the others' being asked."""
    try:
        yield
    except Exception:
        logger.exception("%s: what its pods answered could not be used", app)


def _nobody(app: AppId, ask: Ask, answer: Answer) -> None:
    pass
