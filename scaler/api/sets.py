"""Sets of manifests over REST: applied, listed, deleted.

Whoever accepts `text/event-stream` is told what is done while it is done (`said`), and at the end the report
(`report`); others get the report, or a problem that holds it. A client that leaves does not stop an apply in the
middle, but nobody waits for a rollout without one.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from aiohttp import web

from scaler.api.connection import presence
from scaler.api.places import AGAIN, Places
from scaler.api.port import Applies, Control
from scaler.api.problems import SHOWN, Problem
from scaler.api.query import number
from scaler.api.switch import ClientLeft, Stopping, Switch
from scaler.api.telling import Stream
from scaler.applier.errors import Busy, NoSuchSet, NotAllowed
from scaler.applier.order import Order
from scaler.applier.report import Outcome, Report
from scaler.applier.trouble import outcome
from scaler.errors import NoApplier
from scaler.runtimes.kubernetes.api.errors import ApiError
from torpor.duration import parse_duration
from torpor.yamlfile import YamlError

SAID = 200
"""Lines of what was done that are kept for the answer."""
LONGEST_WAIT = 3600.0
"""Seconds."""

type Say = Callable[[str], None]
type Work = Callable[[Applies, Say, Callable[[], None]], Awaitable[Report]]
"""What it calls at last says that nothing more is changed."""


class Sets:
    """The handlers of `/v1/apply`, `/v1/sets` and `/v1/sets/{name}`."""

    def __init__(self, control: Control, closing: Switch) -> None:
        self._control = control
        self._closing = closing
        self._places = Places()

    async def index(self, request: web.Request) -> web.Response:
        """`GET /v1/sets`."""
        return web.json_response({"sets": [one.to_json() for one in self._applies().sets()]})

    async def apply(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/apply`."""

        async def work(applies: Applies, say: Say, changed: Callable[[], None]) -> Report:
            applied = await applies.apply(await _order(request), say)
            changed()
            async with presence(request).block():
                return await applies.follow(applied, say)

        return await self._answer(request, work)

    async def delete(self, request: web.Request) -> web.StreamResponse:
        """`DELETE /v1/sets/{name}`."""
        name, dry_run = request.match_info["name"], _flag(request, "dry_run")

        async def work(applies: Applies, say: Say, _: Callable[[], None]) -> Report:
            return await applies.delete(name, say, dry_run=dry_run)

        return await self._answer(request, work)

    async def _answer(self, request: web.Request, work: Work) -> web.StreamResponse:
        applies = self._applies()
        size = len(await request.read())
        said: deque[str] = deque(maxlen=SAID)
        try:
            with self._places.taken(size) as changed:
                async with self._closing.block():
                    if "text/event-stream" in request.headers.get("Accept", ""):
                        return await self._told(request, applies, work, changed)
                    report = await _done(work, applies, said.append, changed)
        except Stopping:
            done = f"Done before that: {'; '.join(said)}." if said else "Nothing was done before that."
            detail = f"Torpor is stopping in the middle of this. {done} Do it again."
            raise Problem(503, detail, AGAIN) from None
        if report.failure:
            raise _problem(report)
        return web.json_response(report.to_json())

    async def _told(
        self, request: web.Request, applies: Applies, work: Work, changed: Callable[[], None]
    ) -> web.StreamResponse:
        stream = Stream(request)
        failed: Problem | ClientLeft | None = None
        async with asyncio.TaskGroup() as group:
            writing = group.create_task(stream.run())
            try:
                report = await _done(work, applies, lambda text: stream.put("said", {"text": text}), changed)
                if report.failure and not stream.begun and (problem := _problem(report)).status == 503:
                    raise problem
                stream.put("report", report.to_json())
            except Problem as refused:
                failed = refused
                if stream.begun:
                    stream.put("report", {"failure": refused.detail})
            except ClientLeft as left:
                failed = left
            if failed is None or stream.begun:
                await stream.end()
            writing.cancel()
        if failed is not None and not stream.begun:
            raise failed
        return stream.response

    def _applies(self) -> Applies:
        try:
            return self._control.applies()
        except NoApplier as error:
            status, headers = (503, {"Retry-After": "2"}) if error.passing else (501, {})
            raise Problem(status, f"{error.reason[:1].upper()}{error.reason[1:]}.", headers) from None


async def _done(work: Work, applies: Applies, say: Say, changed: Callable[[], None]) -> Report:
    """Raises Problem for all that has been refused before anything was done."""
    try:
        return await work(applies, say, changed)
    except YamlError as error:
        mistakes = [{"document": one.document, "line": one.line, "message": one.message} for one in error.mistakes]
        raise Problem(422, "\n".join(map(str, error.mistakes)), mistakes=mistakes) from None
    except NotAllowed as error:
        raise Problem(403, str(error)) from None
    except NoSuchSet as error:
        raise Problem(404, str(error)) from None
    except Busy as error:
        raise Problem(409, str(error), AGAIN) from None
    except ApiError as error:
        detail = f"nothing was done, for the API server says: {error}"
        if outcome(error, Outcome.REFUSED, dry_run=True) is Outcome.PUT_OFF:
            raise Problem(503, detail, AGAIN) from None
        raise Problem(502, detail) from None


def _problem(report: Report) -> Problem:
    outcomes = {one.outcome for one in (*report.objects, *report.pruned)}
    status = 502
    if Outcome.CONFLICT in outcomes:
        status = 409
    elif not outcomes & {Outcome.UNKNOWN, Outcome.NOT_DELETED}:
        status = 422 if Outcome.REFUSED in outcomes else 503 if Outcome.PUT_OFF in outcomes else 502
    return Problem(status, report.failure, AGAIN if status == 503 else None, report=report.to_json())


async def _order(request: web.Request) -> Order:
    """Raises Problem."""
    known = ("set", "namespace", "dry_run", "force_conflicts", "wait", "wake")
    for name in request.query:
        if name not in known:
            raise Problem(400, f"{name[:SHOWN]!r} is not known here; allowed are {', '.join(known)}.")
    try:
        text = (await request.read()).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Problem(422, f"the manifests are not UTF-8: byte {error.start} cannot be read") from None
    return Order(
        text,
        set=request.query.get("set"),
        namespace=request.query.get("namespace"),
        dry_run=_flag(request, "dry_run"),
        force_conflicts=_flag(request, "force_conflicts"),
        wait=_wait(request.query.get("wait")),
        wake=_flag(request, "wake"),
    )


def _flag(request: web.Request, name: str) -> bool:
    return bool(number(request, name, default=0, least=0, most=1))


def _wait(text: str | None) -> float:
    if text is None:
        return 0.0
    try:
        seconds = parse_duration(float(text) if text.isascii() and text.isdecimal() else text)
    except ValueError as error:
        raise Problem(400, f"wait: {str(error)[:SHOWN]}.") from None
    if seconds > LONGEST_WAIT:
        raise Problem(400, f"wait={text[:20]!r} is too long; allowed is up to 1h.")
    return seconds
