"""Finding the scaler that leads among several: the first that accepts the link has it.

Each place where one may be is asked again and again on its own, so one that does not answer at all (its node is gone)
holds nobody up, and a standby that takes over is found within its next pause.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from contextlib import suppress

import aiohttp

from proxy.places import Place, Places
from torpor import link

logger = logging.getLogger(__name__)

BACK_OFF = (0.05, 1.0)
"""Seconds before a place is asked again: the first pause, doubled up to the last, with jitter."""
HEAD_START = 0.05
"""Seconds that each place has before the next; the last of many does not wait longer than half a second."""
ATTEMPT = 3.0
"""Seconds for one to answer: it may have to ask others about the token."""
RESOLVE_AGAIN = 5.0

type Socket = aiohttp.ClientWebSocketResponse


class Seeker:
    """Makes links. `token` is asked for at every attempt, since it may change."""

    def __init__(self, links: Sequence[str], token: Callable[[], str]) -> None:
        self._places = Places(links)
        self._token = token
        self._last: Place | None = None
        """Where the last link was made."""
        self._refusals: dict[Place, str] = {}
        self.refused: str | None = None
        """Why no scaler lets us in, if one was there to say so."""

    async def seek(self, session: aiohttp.ClientSession) -> Socket:
        """A link to the scaler that leads, however long it takes to find it. The caller closes it."""
        won: asyncio.Future[Socket] = asyncio.get_running_loop().create_future()
        async with asyncio.TaskGroup() as group:
            looking = group.create_task(self._ask_all(session, won))
            await asyncio.wait({won})
            looking.cancel()
        self._refusals.clear()
        self.refused = None
        return won.result()

    async def _ask_all(self, session: aiohttp.ClientSession, won: "asyncio.Future[Socket]") -> None:
        asking: dict[Place, asyncio.Task[None]] = {}
        async with asyncio.TaskGroup() as group:
            while True:
                places = await self._places.all()
                for gone in asking.keys() - set(places):
                    asking.pop(gone).cancel()
                    self._refusals.pop(gone, None)
                new = sorted((place for place in places if place not in asking), key=lambda place: place != self._last)
                for number, place in enumerate(new):  # the one that led a moment ago first
                    wait = number * min(HEAD_START, 0.5 / len(new))
                    asking[place] = group.create_task(self._ask(session, place, won, wait))
                await asyncio.sleep(RESOLVE_AGAIN)

    async def _ask(
        self, session: aiohttp.ClientSession, place: Place, won: "asyncio.Future[Socket]", wait: float
    ) -> None:
        """Ask one place until it accepts."""
        pause = BACK_OFF[0]
        await asyncio.sleep(wait)
        while (socket := await self._try(session, place)) is None:
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - jitter, not a secret
            pause = min(BACK_OFF[1], pause * 2)
        if won.done():
            with suppress(aiohttp.ClientError, OSError):
                await socket.close()
        else:
            self._last = place
            won.set_result(socket)

    async def _try(self, session: aiohttp.ClientSession, place: Place) -> Socket | None:
        headers = {"Host": place.named.authority, "Authorization": f"Bearer {self._token()}"}
        try:
            async with asyncio.timeout(ATTEMPT):
                return await session.ws_connect(
                    place.url, headers=headers, server_hostname=place.named.host, max_msg_size=link.MAX_MESSAGE
                )
        except aiohttp.WSServerHandshakeError as error:
            self._refusals[place] = f"the scaler at {place} answers {error.status}{_hint(error.status)}"
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            self._refusals.pop(place, None)
            logger.debug("no link to %s: %s", place, str(error) or f"no answer within {ATTEMPT:g}s")
        refused = "; ".join(sorted(self._refusals.values())) or None
        if refused and refused != self.refused:
            logger.error("no link: %s", refused)
        self.refused = refused
        return None


def _hint(status: int) -> str:
    if status == 503:
        return ", as one that does not lead"
    return ": is TORPOR_LINK_TOKEN the same on both sides?" if status in (401, 403) else ""
