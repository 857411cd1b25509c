"""The doorman: `admit(visit) → verdict`. Knows no engine, and engines know nothing of policy.

`glance` decides at once where it can, which for an awake app is always; `admit` may take its time. A Forward is
counted in the ledger in the same breath in which it is handed out, so there is no moment in which a visit is decided
but not yet in flight: a drain that asks in between gets a true answer.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs

from proxy import pages
from proxy.hold import Hold
from proxy.ledger import Ledger
from proxy.policy import Choice, Standing, decide, wakes
from proxy.table import AppTable, Known
from proxy.visit import Answer, Forward, Gone, Verdict, Visit
from proxy.visitors import who
from torpor.link import AppView, Down, Knock
from torpor.words import Address, Phase, Visitor

logger = logging.getLogger(__name__)

PROGRESS = "/.well-known/torpor/progress"
"""Where the waiting page asks how the wake is going; on every app's own host (RFC 8615)."""
POLL = 20.0
"""Seconds such a question waits for news."""
KNOCK_AGAIN = 1.0
"""Seconds after which a knock that changed nothing is repeated."""
RECONNECT = (0.02, 0.5)
"""Seconds between two connects to an address that refuses: the first pause, doubled up to the last."""
FIELD = 200
"""Characters of a visitor's words that are passed on for people to read."""


class Bell(Protocol):
    """How the doorman reaches the scaler."""

    def send(self, message: Knock | Down) -> None:
        """Send at once; may be lost with the link, in which case the doorman asks again."""


class Doorman:
    """Decides on every visit of one proxy."""

    def __init__(
        self, table: AppTable, ledger: Ledger, bell: Bell, *, max_held: int = 10_000, look: pages.Look | None = None
    ) -> None:
        self._table = table
        self._ledger = ledger
        self._bell = bell
        self._max_held = max_held
        self._look = look

    # The engine's side

    def glance(self, visit: Visit) -> Verdict | None:
        """The verdict if it can be told at once; None when the visit has to wait in `admit`."""
        if visit.path.startswith(PROGRESS):
            return None
        known = self.find(visit)
        if known is None:
            self._ledger.count("", "doorman unknown")
            return pages.unknown_host(visit, self._look)
        visitor, view = who(visit), known.view
        if view.phase is Phase.AWAKE and view.addresses:
            return self._forward(known, counts=wakes(visit, visitor, view))
        return self._verdict(visit, visitor, known, waited=0.0, lane="doorman")

    def find(self, visit: Visit) -> Known | None:
        """The app that a visit is for; of those that share a route the same one, whenever this is asked. A question
        about progress is for the app that it asks about."""
        path = visit.path
        if path.startswith(PROGRESS):
            query = parse_qs(path.partition("?")[2], max_num_fields=8)
            at = query.get("at", ["/"])[0]
            path = at if at.startswith("/") else "/"
            visit.chosen = query.get("app", [visit.chosen])[0]
        known = self._table.find(visit.host, path, visit.header, visit.chosen)
        if known is not None:
            visit.chosen = known.view.id
        return known

    async def admit(self, visit: Visit, gone: Gone) -> Verdict:
        """The verdict, when there is one. `gone` is set when the client has left; a wake goes on all the same."""
        if visit.path.startswith(PROGRESS):
            return await self._progress(visit, gone)
        return await self._told(lambda tell: self.hold(visit, gone, tell))

    def hold(self, visit: Visit, gone: Gone, tell: Callable[[Verdict], None]) -> Hold | None:
        """As `admit`, but `tell` is called with the verdict, at once or later. Not for questions about progress."""
        known = self.find(visit)
        if known is None:
            tell(pages.unknown_host(visit, self._look))
            return None
        return self._begin(Hold(self._judge, tell, visit, who(visit), known, gone, began=self._table.now()))

    async def again(self, visit: Visit, forward: Forward, error: str, gone: Gone) -> Verdict:
        """The address refused the connection: try the app's others, and then hold the visit, whole as it is, until
        there is one that does not."""
        self._take_back(forward)
        known = self._table.get(forward.app)
        if known is None:
            return pages.unknown_host(visit, self._look)
        view = known.view
        self._bell.send(Down(app=forward.app, epoch=view.epoch, address=forward.address, error=error[:FIELD]))
        began = self._table.now() - forward.held
        not_before = self._table.now() + min(RECONNECT[1], max(RECONNECT[0], forward.held))
        return await self._told(
            lambda tell: self._begin(
                Hold(
                    *(self._judge, tell, visit, who(visit), known, gone),
                    began=began,
                    tried=(*forward.tried, forward.address),
                    not_before=not_before,
                    error=error,
                )
            )
        )

    def broken(self, visit: Visit, forward: Forward, reason: str) -> Answer:
        """The app took the visit and broke off before it answered."""
        forward.failed = True
        known = self._table.get(forward.app)
        return pages.broken(visit, known.view if known else None, reason, self._look)

    def refuse(self, status: int, detail: str) -> Answer:
        """For what never becomes a visit: a request that cannot be understood."""
        self._ledger.count("", "doorman refused")
        return pages.refused(status, detail)

    def done(self, forward: Forward) -> None:
        """A forwarded visit has ended, however it did. Safe to say twice."""
        if self._take_back(forward):
            lane, outcome = "held" if forward.held else "fast", "failed" if forward.failed else "forwarded"
            self._ledger.count(forward.app, f"{lane} {outcome}")

    def _take_back(self, forward: Forward) -> bool:
        was_open, forward.open = forward.open, False
        if was_open:
            self._ledger.end(forward.app, forward.counts)
        return was_open

    # Deciding

    def _verdict(
        self,
        visit: Visit,
        visitor: Visitor,
        known: Known,
        *,
        waited: float,
        lane: str,
        tried: tuple[Address, ...] = (),
    ) -> Verdict | None:
        """Ask the policy and do as it says; None is to hold."""
        view, now, app = known.view, self._table.now(), known.view.id
        standing = Standing(view, self._table.linked, known.waking_for(now), known.retry_in(now))
        choice, _ = decide(visit, visitor, standing, waited)
        match choice:
            case Choice.FORWARD:
                return self._forward(known, counts=wakes(visit, visitor, view), held=waited, tried=tried)
            case Choice.ASLEEP:
                self._ledger.count(app, f"{lane} asleep")
                return pages.asleep(visit, view, view.policy.monitor_status if visitor is Visitor.MONITOR else 503)
            case Choice.FAILED:
                self._ledger.count(app, f"{lane} failed")
                return pages.failed(visit, view.model_copy(update={"retry_in": standing.retry_in}), self._look)
            case Choice.WAITING_PAGE:
                self._knock(visit, known)
                self._ledger.touch(app)
                self._ledger.count(app, f"{lane} page")
                return pages.waiting(view.model_copy(update={"waking_for": standing.waking_for}), waited, self._look)
            case Choice.TIMED_OUT:
                self._ledger.count(app, f"{lane} refused")
                return pages.timed_out(visit, view, waited, self._look)
            case Choice.NO_LINK:
                self._ledger.count(app, f"{lane} refused")
                return pages.no_link(visit, view, self._look)
            case Choice.HOLD:
                if not waited and self._full(known):
                    self._ledger.count(app, f"{lane} refused")
                    return pages.full(visit, view, self._look)
                self._knock(visit, known)
                return None

    def _full(self, known: Known) -> bool:
        mine = self._ledger.entry(known.view.id).held
        return self._ledger.held >= self._max_held or mine >= known.view.policy.max_held

    def _forward(self, known: Known, *, counts: bool, held: float = 0.0, tried: tuple[Address, ...] = ()) -> Forward:
        """To the next of its addresses, of those that have not been tried if there are any."""
        view = known.view
        addresses = view.addresses
        if tried and not (addresses := _others(view, tried)):
            addresses, tried = view.addresses, ()
        address = addresses[0]
        if len(addresses) > 1:
            known.turn = (known.turn + 1) % len(addresses)
            address = addresses[known.turn]
        self._ledger.begin(view.id, counts)
        return Forward(view.id, address, counts, held, tried=tried)

    def _knock(self, visit: Visit, known: Known) -> None:
        """Ask the scaler to wake the app; once for all who wait, and again when that changed nothing."""
        view, now = known.view, self._table.now()
        epoch, at = known.knocked
        if view.phase in (Phase.WAKING, Phase.AWAKE) or (epoch == view.epoch and now - at < KNOCK_AGAIN):
            return
        known.knocked = (view.epoch, now)
        knock = Knock(
            app=view.id,
            method=_plain(visit.method),
            path=_plain(visit.path.partition("?")[0]),  # a query may hold what only the app should know
            user_agent=_plain(visit.user_agent),
            client=_plain(visit.client),
        )
        self._bell.send(knock)

    # Waiting

    def _begin(self, hold: Hold) -> Hold:
        self._ledger.hold(hold.known.view.id)
        hold.look()
        return hold

    async def _told(self, ask: Callable[[Callable[[Verdict], None]], Hold | None]) -> Verdict:
        """Wait for what is told. A Forward that nobody takes any more is handed back."""
        told: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        hold = ask(told.set_result)
        try:
            return await told
        except asyncio.CancelledError:
            if hold is not None and not hold.over:
                hold.give_up()
                self._ledger.release(hold.known.view.id)
            elif not told.cancelled() and isinstance(forward := told.result(), Forward):
                self.done(forward)
            raise

    def _judge(self, hold: Hold) -> Verdict | float:
        """What becomes of a visit that waits: a verdict, or how many seconds more at the longest."""
        verdict = self._judged(hold)
        if isinstance(verdict, Forward | Answer):
            self._ledger.release(hold.known.view.id)
        return verdict

    def _judged(self, hold: Hold) -> Verdict | float:
        visit, known, now = hold.visit, hold.known, self._table.now()
        app, waited = known.view.id, now - hold.began
        if self._table.get(app) is not known:
            return pages.unknown_host(visit, self._look)
        if hold.gone.is_set():
            self._ledger.count(app, "held gone")
            return pages.refused(408, "The client has left.")
        if known.view.addresses and now < hold.not_before and not _others(known.view, hold.tried):
            return hold.not_before - now
        if hold.error and waited > known.view.policy.wake_timeout:
            self._ledger.count(app, "held failed")
            linked = self._table.linked
            if linked:
                return pages.broken(visit, known.view, hold.error, self._look)
            return pages.no_link(visit, known.view, self._look)
        verdict = self._verdict(visit, hold.visitor, known, waited=max(waited, 1e-6), lane="held", tried=hold.tried)
        if verdict is None:
            return self._patience(visit, hold.visitor, known, waited)
        self._ledger.count_hold(app, waited)
        return verdict

    def _patience(self, visit: Visit, visitor: Visitor, known: Known, waited: float) -> float:
        now = self._table.now()
        standing = Standing(known.view, self._table.linked, known.waking_for(now), known.retry_in(now))
        rest = decide(visit, visitor, standing, waited).patience
        return rest if known.view.phase is Phase.WAKING else min(rest, KNOCK_AGAIN)

    async def _progress(self, visit: Visit, gone: Gone) -> Verdict:
        """Answer the waiting page's question when there is news since what it has seen. Neither wakes nor counts."""
        query = parse_qs(visit.path.partition("?")[2], max_num_fields=8)
        known = self.find(visit)
        if known is None:
            return pages.unknown_host(visit, self._look)
        if query.get("seen", [""])[0] == str(known.view.epoch):
            try:
                async with asyncio.timeout(POLL), asyncio.TaskGroup() as group:
                    waits = [group.create_task(known.news.wait()), group.create_task(gone.wait())]
                    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
                    for task in waits:
                        task.cancel()
            except TimeoutError:
                pass  # no news: say how it stands
        now = self._table.now()
        standing: dict[str, object] = {"waking_for": known.waking_for(now), "retry_in": known.retry_in(now)}
        if known.view.phase is Phase.AWAKE and not known.view.addresses:
            standing["phase"] = Phase.WAKING  # nothing to open yet
        return pages.progress(known.view.model_copy(update=standing), str(known.view.epoch))


def _others(view: AppView, tried: tuple[Address, ...]) -> tuple[Address, ...]:
    """An app's addresses without those that have just been tried."""
    return tuple(address for address in view.addresses if address not in tried)


def _plain(text: str) -> str:
    """A visitor's words, fit for a log line: short, and without control characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in text[:FIELD])
