"""Where scalers may be: every --link by every address of its name. One of them leads; the others say no at once."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from dataclasses import dataclass

from yarl import URL

from torpor import link

logger = logging.getLogger(__name__)

MOST = 32
"""Addresses that are tried in one round."""
RESOLVE = 1.0
"""Seconds for the resolver; then the addresses of the last time do."""


@dataclass(frozen=True, slots=True)
class Place:
    """One address of one link."""

    url: URL
    """With the address instead of the name."""
    named: URL
    """As it was given: what is asked for, and with https what the certificate has to be of."""

    def __str__(self) -> str:
        return str(self.url.origin())


class Places:
    """The links as they were given, and what their names led to last."""

    def __init__(self, links: Sequence[str]) -> None:
        self._links = [URL(given.rstrip("/") + link.PATH) for given in dict.fromkeys(links)]
        self._last: dict[URL, list[Place]] = {}

    async def all(self) -> list[Place]:
        """Each address once, in the order of the links and of the resolver."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._resolve(url)) for url in self._links]
        return list(dict.fromkeys(place for task in tasks for place in task.result()))[:MOST]

    async def _resolve(self, named: URL) -> list[Place]:
        try:
            async with asyncio.timeout(RESOLVE):
                found = await asyncio.get_running_loop().getaddrinfo(
                    named.host or "", named.port, type=socket.SOCK_STREAM
                )
            self._last[named] = [Place(named.with_host(str(there[4][0])), named) for there in found]
        except (OSError, ValueError) as error:  # a TimeoutError is an OSError
            logger.debug("%s cannot be resolved: %s", named.host, str(error) or "no answer in time")
        return self._last.get(named, [])
