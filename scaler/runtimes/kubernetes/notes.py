"""What happens to apps, written where a cluster keeps such things: Events on workloads, and the phase on them.

Written behind what happens, once a transition, and never in its way. What cannot be written is not written: the count
of replicas is the truth, and Events are for people.
"""

import asyncio
import logging
from collections.abc import Iterable

from scaler.bus import Event
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.journal import Journal
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.runtime import KubernetesRuntime
from scaler.scaler import Scaler
from torpor.words import AppId, Phase

logger = logging.getLogger(__name__)

TAKEN_BACK = "the sleep was taken back"
"""How the scaler begins its reason for an app that could not be put to sleep."""


class Notes:
    """`run` it for the length of a reign."""

    def __init__(self, cluster: Cluster, scaler: Scaler, runtime: KubernetesRuntime, picture: Picture) -> None:
        self._scaler = scaler
        self._runtime = runtime
        self._picture = picture
        self._journal = Journal(cluster)

    async def run(self) -> None:
        """Take down what the scaler tells, and what is wrong with what was found."""
        self._picture.on_apps.append(self._problems)
        self._scaler.on_revert.append(self._reverted)
        self._scaler.on_slept.append(self._slept)
        try:
            with self._scaler.bus.listen(activity=False) as news:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._journal.run())
                    self._problems()
                    async for event in news:
                        if event.what == "phase":
                            await self._note(event)
        finally:
            self._picture.on_apps.remove(self._problems)
            self._scaler.on_revert.remove(self._reverted)
            self._scaler.on_slept.remove(self._slept)

    async def _note(self, event: Event) -> None:
        app, phase, reason = event.status.id, event.status.phase, event.status.reason
        if phase is Phase.AWAKE and reason.startswith(TAKEN_BACK):
            self._tell(app, "SleepTakenBack", event.text, warning=True)
        elif phase is Phase.AWAKE and not reason:
            self._tell(app, "Woken", f"{event.text}: {event.status.cause}")
        elif phase is Phase.FAILED:
            self._tell(app, "WakeFailed", f"{event.text}; woken by {event.status.cause}", warning=True)
        if phase is Phase.AWAKE and (not reason or reason.startswith(TAKEN_BACK)):
            try:
                saved = self._scaler.savings.total(app)
                await self._runtime.note(app, phase, event.status.last_access, saved)
            except ApiError as error:
                logger.info("%s: that it is awake cannot be written down: %s", app, error)

    def _slept(self, app: AppId, sentence: str) -> None:
        self._tell(app, "Slept", sentence)

    def _reverted(self, app: AppId, times: int, reason: str) -> None:
        text = (
            f"its sleep was undone {times} times in a row ({reason}): it is left awake for a while. {self._advice(app)}"
        )
        self._tell(app, "SleepReverted", text, warning=True)

    def _advice(self, app: AppId) -> str:
        found = self._picture.apps.get(app)
        ref = found.workload.ref if found is not None and found.workload is not None else None
        problems = self._picture.discovery.problems_of(ref) if ref is not None else ()
        fixes = [problem.fix for problem in problems if problem.reason == "GitOpsOwner"]
        return fixes[0] if fixes else "Whoever else scales it should leave spec.replicas alone."

    def _problems(self, _apps: Iterable[AppId] = ()) -> None:
        for problem in self._picture.discovery.news():
            if not problem.note:
                text = f"{problem.message} {problem.fix}"
                self._journal.tell(problem.about, problem.reason, text, sort="Warning")

    def _tell(self, app: AppId, reason: str, text: str, *, warning: bool = False) -> None:
        found = self._picture.apps.get(app)
        if found is not None and found.workload is not None:
            self._journal.tell(found.workload.ref, reason, text, sort="Warning" if warning else "Normal")
