"""Apps as processes on this machine: starts them through the keeper, waits until they answer, and ends them."""

import asyncio
import itertools
import logging
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scaler.doors import MAIN
from scaler.logs.line import Line
from scaler.probing.rhythm import Rhythm
from scaler.runtime import Addresses, Lost, Say, StartFailed, TakeLines
from scaler.runtimes.process import tail
from scaler.runtimes.process.failures import refusal
from scaler.runtimes.process.following import follow
from scaler.runtimes.process.keeper import procfs
from scaler.runtimes.process.keeper.exits import ending
from scaler.runtimes.process.keeping import Keeper, sweep
from scaler.runtimes.process.listeners import Census, who_has
from scaler.runtimes.process.ports import free_port, is_taken
from scaler.runtimes.process.readiness import Readiness
from scaler.runtimes.process.run import STOPPED, Run
from scaler.runtimes.process.workload import Workload
from scaler.stage import ENDING, STARTING, Stage
from scaler.tally import Tally
from torpor.words import Address, AppId

_SPAWN = 10.0
"""Seconds for the keeper to start a process: it takes a few milliseconds, but may have to wait for a disk."""
_FORCED = 7.0
"""Seconds from SIGKILL until a run counts as one that cannot be ended; the keeper gives up before."""

log = logging.getLogger(__name__)


class ProcessRuntime:
    """A scaler.runtime.Runtime: `async with ProcessRuntime(lost) as runtime:`. Past that block no app runs any more."""

    def __init__(self, lost: Lost | None = None) -> None:
        self.lost: Lost = lost or _note
        """Called on the event loop when an awake app ends by itself; may be set later."""
        self._workloads: dict[AppId, Workload] = {}
        self._runs: dict[AppId, Run] = {}
        """The latest run of each app."""
        self._by_number: dict[int, Run] = {}
        self._rhythm = Rhythm()
        """Every run of which something may be left."""
        self._numbers = itertools.count(1)
        self._keeper: Keeper | None = None
        self._hiring = asyncio.Lock()
        self._tasks = asyncio.TaskGroup()
        self._closing = False

    async def __aenter__(self) -> Self:
        """Raises OSError where processes cannot be kept."""
        await self._tasks.__aenter__()
        try:
            await self._hired()
        except BaseException:
            await self._tasks.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing = True
        try:
            runs = list(self._by_number.values())
            for run in runs:
                self._ask_to_stop(run)
            for run in runs:
                await self._gone(run)
        finally:
            # From here on the keeper sees to it alone, even if this is cancelled or killed.
            if self._keeper is not None:
                self._keeper.dismiss()
            await self._tasks.__aexit__(None, None, None)

    def put(self, app: AppId, workload: Workload) -> None:
        """Define an app or replace its definition, from its next start on."""
        self._workloads[app] = workload

    def forget(self, app: AppId) -> None:
        """Drop an app's definition. One that runs goes on until it is stopped."""
        self._workloads.pop(app, None)

    def replicas(self, app: AppId) -> int:
        """1 while its main process runs, else 0."""
        run = self._runs.get(app)
        return int(run is not None and run.pid > 0 and not run.over.done())

    def replicas_awake(self, app: AppId) -> int:
        """1: each is one program."""
        return 1

    async def log_tail(self, app: AppId, lines: int, since: str = "") -> list[Line]:
        """The last lines of its output (of at most tail.MOST_BYTES), oldest first; none for an app that is unknown."""
        workload = self._workloads.get(app)
        return [] if workload is None else tail.log_tail(workload.log_file, lines, since)

    async def follow(self, app: AppId, take: TakeLines, lines: int | None, since: str) -> None:
        """Its output as it comes, over all of its runs; at once over for an app that is unknown."""
        if workload := self._workloads.get(app):
            await follow(workload.log_file, take, lines, since)

    async def start(self, app: AppId, say: Say) -> Addresses:
        """Start the app's process; return the one address that has answered.

        Raises StartFailed. Goes on for as long as the process lives and does not answer, so the caller needs a
        deadline. When cancelled, it stops what it has started before it returns: stop_timeout and a little more.
        """
        workload = self._workloads.get(app)
        if workload is None or self._closing:
            raise StartFailed("Torpor is stopping" if self._closing else f"there is no app {app}")
        say = _changes(say)
        last = self._runs.get(app)
        run = self._runs[app] = Run(next(self._numbers), app, workload)
        self._by_number[run.number] = run
        try:
            if last is not None:
                await self._clear(last, say)
            say(Stage(STARTING, f"starting {Path(workload.command[0]).name}"))
            await self._spawn(run)
            address = await self._answer(run, say)
        except BaseException as error:
            self._ask_to_stop(run)
            if run.keeper is None:
                self._vanished(run)
            elif not isinstance(error, StartFailed):
                await self._surely_gone(run)
            # After a failure, the reason is news at once; the next start waits until all of it is gone.
            raise
        run.awake = True
        return {MAIN: (address,)}

    async def stop(self, app: AppId, *, last_access: float | None = None, saved: Tally | None = None) -> None:
        """SIGTERM, after stop_timeout SIGKILL; returns when nothing of the app runs any more, also when it had ended.

        A start that is under way fails. Nothing is remembered of it: no process outlives its scaler.
        """
        run = self._runs.get(app)
        if run is None:
            return
        self._ask_to_stop(run)
        await self._gone(run)
        if not run.gone.done():
            log.error("%s: its processes cannot be ended (process %d)", app, run.pid)

    # Starting

    async def _clear(self, last: Run, say: Say) -> None:
        say(Stage(ENDING, "waiting for the last run to end"))
        self._ask_to_stop(last)
        await self._gone(last)
        if not last.gone.done():
            raise StartFailed(f"the last run cannot be ended (process {last.pid})")

    async def _spawn(self, run: Run) -> None:
        workload = run.workload
        if workload.port is not None and is_taken(workload.port):
            holder = await asyncio.to_thread(lambda: who_has(run.workload.port or 0, self._census(run)))
            raise StartFailed(f"port {workload.port} is taken by {holder}")
        try:
            run.claim = free_port() if workload.port is None else None
            run.port = run.claim.port if run.claim is not None else workload.port or 0
            keeper = await self._hired()
        except OSError as error:
            raise StartFailed(f"cannot start a process: {error}") from error
        if not run.over.done():
            run.keeper = keeper
            command, env = workload.filled(run.port)
            keeper.send(
                do="spawn",
                id=run.number,
                command=command,
                directory=str(workload.directory.absolute()),
                env=env,
                log=str(workload.log_file.absolute()),
                log_bytes=workload.log_bytes,
            )
            await asyncio.wait({run.spawned}, timeout=_SPAWN)
        if run.over.done():
            raise StartFailed(run.over.result())
        if not run.spawned.done():
            raise StartFailed(f"the process could not be started within {_SPAWN:g}s: does a disk hang?")

    async def _answer(self, run: Run, say: Say) -> Address:
        readiness = Readiness(
            run.port,
            fixed=run.workload.port is not None,
            path=run.workload.ready_path,
            main=run.pid,
            census=lambda: self._census(run),
            over=run.over,
            rhythm=self._rhythm,
        )
        return await readiness.wait(say)

    def _census(self, run: Run) -> Census:
        """Called in another thread."""
        keeper = run.keeper or self._keeper
        everything = procfs.table()
        runs = {other.number: other for other in list(self._by_number.values())}
        mains = {other.pid: other.number for other in runs.values() if other.pid}
        kin = {} if keeper is None else procfs.kin(everything, keeper.pid, mains, keeper.nonce)
        return Census(
            main=everything.get(run.pid),
            family=[process.pid for process in kin.get(run.number, [])],
            neighbours={
                process.pid: runs[number].app
                for number, family in kin.items()
                for process in family
                if number != run.number and number in runs
            },
        )

    # Ending

    def _ask_to_stop(self, run: Run) -> None:
        run.stopping = True
        if run.keeper is None:
            run.end(STOPPED)
        else:
            run.keeper.send(do="stop", id=run.number, grace=run.workload.stop_timeout)

    async def _gone(self, run: Run) -> None:
        await asyncio.wait({run.gone}, timeout=run.workload.stop_timeout + _FORCED)

    async def _surely_gone(self, run: Run) -> None:
        """Whatever else wants to cancel this too: what was started is stopped first."""
        loop = asyncio.get_running_loop()
        end = loop.time() + run.workload.stop_timeout + _FORCED
        while not run.gone.done() and loop.time() < end:
            with suppress(asyncio.CancelledError):
                await asyncio.wait({run.gone}, timeout=end - loop.time())

    def _vanished(self, run: Run) -> None:
        run.vanish(STOPPED)
        self._by_number.pop(run.number, None)
        if self._runs.get(run.app) is run:
            del self._runs[run.app]

    def _lose(self, run: Run, reason: str) -> None:
        unasked = run.awake and not run.stopping
        run.end(reason)
        if unasked:
            self.lost(run.app, reason)

    # The keeper

    async def _hired(self) -> Keeper:
        async with self._hiring:
            if self._keeper is None or not self._keeper.alive:
                self._keeper = await Keeper.hire()
                self._tasks.create_task(self._listen(self._keeper))
            return self._keeper

    async def _listen(self, keeper: Keeper) -> None:
        async for report in keeper.reports():
            run = self._by_number.get(report["id"])
            if run is not None:
                self._on_report(run, report)
        end = ending(await keeper.ended())
        runs = [run for run in self._by_number.values() if run.keeper is keeper]
        if not runs:
            return
        for run in runs:
            self._lose(run, f"the process that keeps the apps ended: {end}")
        await asyncio.to_thread(sweep, keeper.nonce, {run.pid for run in runs if run.pid})
        for run in runs:
            self._vanished(run)

    def _on_report(self, run: Run, report: dict[str, Any]) -> None:
        if "pid" in report:
            run.pid = report["pid"]
            run.spawned.set_result(None)
        elif "stage" in report:
            run.end(refusal(run.workload, report["stage"], report["errno"]))
            self._vanished(run)
        elif "exited" in report:
            self._lose(run, run.reason(report["exited"], report["left"]))
        else:
            if report["gone"]:
                log.error("%s: these processes cannot be ended: %s", run.app, ", ".join(report["gone"]))
            self._vanished(run)


def _note(app: AppId, reason: str) -> None:
    log.error("%s ended by itself: %s", app, reason)


def _changes(say: Say) -> Say:
    """Say only what is new."""
    said = ""

    def once(text: str) -> None:
        nonlocal said
        if text != said:
            said = text
            say(text)

    return once
