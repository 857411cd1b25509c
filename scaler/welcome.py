"""Who may link up as a proxy: whoever brings the right token. On a machine that is a secret which both sides share."""

import hmac
from collections.abc import Awaitable, Callable

type Welcome = Callable[[str], Awaitable[str | None]]
"""Looks at a token and says why its bearer is turned away, fit for whoever set the proxy up; None: come in.

Raises CannotTell when nobody can say so now.
"""


class Stranger(str):
    """Why somebody is turned away whose token is good, but for whom it is not."""

    __slots__ = ()


class CannotTell(Exception):  # noqa: N818 - reads as what happened
    """The token may be right: whoever knows could not be asked. `str()` says why."""


def shared(token: str) -> Welcome:
    """Those who have this very token."""
    if not token:
        raise ValueError("a link needs a token")
    right = token.encode()

    async def look(given: str) -> str | None:
        if hmac.compare_digest(given.encode("utf-8", "replace"), right):
            return None
        return "The link needs the token that scaler and proxies share (TORPOR_LINK_TOKEN)."

    return look
