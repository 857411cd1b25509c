"""Finding the scaler that leads among several: the first that accepts the link has it.

They are tried in turn, each as soon as the one before has said no, or a moment after it, so that one that does not
answer at all (its node is gone) holds nobody up.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence

import aiohttp

from proxy.places import Place, Places
from torpor import link

logger = logging.getLogger(__name__)

STAGGER = 0.1
"""Seconds after which the next is tried beside one that has not answered yet."""
ATTEMPT = 3.0
"""Seconds for one to answer: it may have to ask others about the token."""

type Socket = aiohttp.ClientWebSocketResponse


class Seeker:
    """Makes links. `token` is asked for at every attempt, since it may change."""

    def __init__(self, links: Sequence[str], token: Callable[[], str]) -> None:
        self._places = Places(links)
        self._token = token
        self._last: Place | None = None
        """Where the last link was made."""
        self.refused: str | None = None
        """Why no scaler lets us in, if one was there to say so."""

    async def seek(self, session: aiohttp.ClientSession) -> Socket | None:
        """One round: a link to the scaler that leads, None when none accepts it. The caller closes it."""
        waiting = deque(await self._places.all())
        if self._last is not None and self._last in waiting:
            waiting.remove(self._last)
            waiting.appendleft(self._last)
        refusals: list[str] = []
        running: set[asyncio.Task[Socket | None]] = set()
        accepted: list[Socket] = []
        async with asyncio.TaskGroup() as group:
            while (waiting or running) and not accepted:
                if waiting:
                    running.add(group.create_task(self._try(session, waiting.popleft(), refusals)))
                patience = STAGGER if waiting else None
                done, running = await asyncio.wait(running, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
                accepted = [made for task in done if (made := task.result())]
            for task in running:
                task.cancel()
        for surplus in accepted[1:]:
            await surplus.close()
        self._note([] if accepted else refusals)
        return accepted[0] if accepted else None

    async def _try(self, session: aiohttp.ClientSession, place: Place, refusals: list[str]) -> Socket | None:
        headers = {"Host": place.named.authority, "Authorization": f"Bearer {self._token()}"}
        try:
            async with asyncio.timeout(ATTEMPT):
                socket = await session.ws_connect(
                    place.url, headers=headers, server_hostname=place.named.host, max_msg_size=link.MAX_MESSAGE
                )
        except aiohttp.WSServerHandshakeError as error:
            refusals.append(f"the scaler at {place} answers {error.status}{_hint(error.status)}")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            logger.debug("no link to %s: %s", place, str(error) or f"no answer within {ATTEMPT:g}s")
        else:
            self._last = place
            return socket
        return None

    def _note(self, refusals: list[str]) -> None:
        refused = "; ".join(sorted(refusals)) or None
        if refused and refused != self.refused:
            logger.error("no link: %s", refused)
        self.refused = refused


def _hint(status: int) -> str:
    if status == 503:
        return ", as one that does not lead"
    return ": is TORPOR_LINK_TOKEN the same on both sides?" if status in (401, 403) else ""
