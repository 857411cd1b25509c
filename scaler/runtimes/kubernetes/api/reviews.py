"""Whose token is this? The API server knows; its word is taken for a minute, so that it is not asked at every call.

What is remembered is bounded, and by a digest: a token that could be used is never kept.
"""

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from cachetools import TTLCache

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import TOKEN_REVIEWS

KNOWN = 60.0
"""Seconds for which a token that was good is good: a ServiceAccount that is deleted is let in for that long."""
UNKNOWN = 5.0
"""Seconds for which a token that was not good is not."""
REMEMBERED = 1_000
"""Tokens of each sort."""
LONGEST = 16 * 1024
"""Characters of a token."""
AT_ONCE = 4
"""Questions under way: a flood of made-up tokens does not become one at the API server."""
DEADLINE = 5.0


class NotReviewed(Exception):  # noqa: N818 - reads as what happened
    """Nobody could say whose token it is; not the fault of whoever brought it."""


class Reviews:
    """Users by their tokens. With `audiences` a token must be meant for one of them."""

    def __init__(
        self, cluster: Cluster, audiences: Sequence[str] = (), *, timer: Callable[[], float] = monotonic
    ) -> None:
        self._cluster = cluster
        self._audiences = tuple(audiences)
        self._users: TTLCache[bytes, str] = TTLCache(REMEMBERED, KNOWN, timer)
        self._strangers: TTLCache[bytes, None] = TTLCache(REMEMBERED, UNKNOWN, timer)
        self._places = asyncio.Semaphore(AT_ONCE)

    async def user(self, token: str) -> str | None:
        """The name of the token's user (`system:serviceaccount:NAMESPACE:NAME`), or None. Raises NotReviewed."""
        if not token or len(token) > LONGEST:
            return None
        digest = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        if (name := self._users.get(digest)) is not None:
            return name
        async with self._places:
            if digest in self._strangers:
                return None
            if (name := self._users.get(digest)) is not None:  # somebody has asked meanwhile
                return name
            name = await self._ask(token)
            if name is None:
                self._strangers[digest] = None
            else:
                self._users[digest] = name
        return name

    async def _ask(self, token: str) -> str | None:
        spec: dict[str, Any] = {"token": token}
        if self._audiences:
            spec["audiences"] = list(self._audiences)
        try:
            said = await self._cluster.create(TOKEN_REVIEWS, None, {"spec": spec}, deadline=DEADLINE)
        except ApiError as error:
            raise NotReviewed(str(error)) from error
        status = said.get("status") or {}
        # A server that knows nothing of audiences says yes to all of them, and none in its answer.
        meant = not self._audiences or any(audience in self._audiences for audience in status.get("audiences") or ())
        name = (status.get("user") or {}).get("username")
        return name if status.get("authenticated") is True and meant and isinstance(name, str) and name else None
