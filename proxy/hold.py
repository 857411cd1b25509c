"""A visit that waits: it looks again whenever something may have changed, and is told its verdict in that very breath.

So a Forward cannot come too late: between the scaler's word that an app is awake and the visit's leave to go there
nothing else happens, however quickly the word changes. Waiting takes no task, only a place among the app's waiters and
a timer.
"""

import asyncio
import logging
from collections.abc import Callable

from proxy import pages
from proxy.table import Known
from proxy.visit import Answer, Forward, Gone, Verdict, Visit
from torpor.words import Address, Visitor

logger = logging.getLogger(__name__)


class Hold:
    """One visit's wait."""

    __slots__ = (
        *("_judge", "_tell", "_timer", "began", "error", "gone"),
        *("known", "not_before", "over", "tried", "visit", "visitor"),
    )

    def __init__(
        self,
        judge: "Callable[[Hold], Verdict | float]",
        tell: Callable[[Verdict], None],
        visit: Visit,
        visitor: Visitor,
        known: Known,
        gone: Gone,
        *,
        began: float,
        tried: tuple[Address, ...] = (),
        not_before: float = 0.0,
        error: str = "",
    ) -> None:
        """`judge` says the verdict, or the seconds until this visit has to be looked at again in any case.

        `tried` are addresses that have just refused, with this `error`, and are not tried again before `not_before`.
        """
        self._judge = judge
        self._tell = tell
        self._timer: asyncio.TimerHandle | None = None
        self.visit = visit
        self.visitor = visitor
        self.known = known
        self.gone = gone
        self.began = began
        self.tried = tried
        self.not_before = not_before
        self.error = error
        self.over = False

    def look(self) -> None:
        """See whether there is a verdict; else wait on."""
        if self.over:
            return
        self._put_down()
        try:
            verdict = self._judge(self)
        except Exception:  # a mistake of ours costs this visit, not those who wait with it
            logger.exception("no verdict on %s %s", self.visit.method, self.visit.host)
            verdict = pages.refused(500, "Torpor could not decide on this request.")
        if isinstance(verdict, Forward | Answer):
            self.over = True
            self._tell(verdict)
        else:
            self.known.waiters[self] = None
            self.gone.bell = self.look
            self._timer = asyncio.get_running_loop().call_later(verdict, self.look)

    def give_up(self) -> None:
        """Nobody wants to know any more."""
        self.over = True
        self._put_down()

    def _put_down(self) -> None:
        self.known.waiters.pop(self, None)
        self.gone.bell = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
