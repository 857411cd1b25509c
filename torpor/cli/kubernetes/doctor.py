"""`torpor doctor` for a cluster: looks, with its caller's own permissions, and changes nothing."""

from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager, suppress

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from torpor.cli.failure import Failed
from torpor.cli.findings import Finding, Grade, Report
from torpor.cli.kubernetes import headroom, permissions, presence, seen
from torpor.cli.kubernetes.problems import findings
from torpor.cli.kubernetes.served import served
from torpor.cli.kubernetes.survey import Survey
from torpor.cli.kubernetes.through import Through
from torpor.cli.options import on_terminal
from torpor.cli.progress import Progress
from torpor.cli.where import Within
from torpor.kubernetes_settings import KubernetesSettings

PATIENCE = 2.0
"""Seconds until it is told what takes so long."""
TURN = 0.2


def examine(within: Within, said: KubernetesSettings | None, report: Report, *, as_json: bool) -> None:
    """Tell what is found; `said` is what a torpor.yaml has there. Raises Failed where there is no cluster."""
    with _through(within) as through:
        doctor = _Doctor(through, within, said, whole=as_json)
        report.tell(_waited(through.background.submit(doctor.run()), doctor, quiet=as_json))


class _Doctor:
    def __init__(self, through: Through, within: Within, said: KubernetesSettings | None, *, whole: bool) -> None:
        self._through = through
        self._within = within
        self._said = said
        self._whole = whole
        self.stage = "asking the API server"

    async def run(self) -> list[Finding]:
        cluster = self._through.background.cluster
        try:
            return await self._run(cluster)
        except ApiError as error:
            raise Failed(f"the cluster at {cluster.host} could not be looked at: {error}") from None

    async def _run(self, cluster: Cluster) -> list[Finding]:
        version = await cluster.read("/version")
        number = version.get("gitVersion", "") if isinstance(version, dict) else ""
        told = [Finding(Grade.OK, f"the cluster at {cluster.host} answers: Kubernetes {number}", topic=presence.TOPIC)]
        self._say("asking the scaler")
        found = await presence.look(cluster, self._through, self._within.service)
        told += found.findings
        wanted = served(self._said, found.info)
        told.append(Finding(Grade.OK, str(wanted), topic=presence.TOPIC))
        survey = Survey(wanted)
        await survey.read(cluster, self._say)
        home, room = wanted.settings.namespace, wanted.settings.headroom
        if found.account is not None:
            self._say("asking what the scaler may do")
            namespace = self._within.service.partition("/")[0]
            needed = permissions.needed(survey.kinds, namespace, wanted.settings.namespaces)
            needed += headroom.permissions(room, home) if room is not None else []
            needed += permissions.applied(survey.applied, wanted.settings.apply.namespaces)
            told.append(await permissions.check(cluster, found.account, needed))
        told += survey.refused
        told.append(survey.summary())
        told += seen.findings(found.apps)
        told += await headroom.look(cluster, room, home, survey.discovery.apps.values())
        return [*told, *findings(survey.discovery.problems, whole=self._whole)]

    def _say(self, stage: str) -> None:
        self.stage = stage


def _waited(future: "Future[list[Finding]]", doctor: _Doctor, *, quiet: bool) -> list[Finding]:
    try:
        with suppress(NotYet):
            return future.result(PATIENCE)
        with Progress("looking at the cluster", animated=on_terminal() and not quiet, silent=quiet) as progress:
            while True:
                with suppress(NotYet):
                    return future.result(TURN)
                progress.say(doctor.stage)
                progress.turn()
    finally:
        future.cancel()


@contextmanager
def _through(within: Within) -> Iterator[Through]:
    through = Through(within)
    try:
        yield through
    finally:
        through.close()
