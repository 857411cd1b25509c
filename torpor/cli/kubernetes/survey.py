"""Reads a cluster once, as far as its reader may, and lets discovery say what is there.

Read-only, page by page. A kind that may not be listed is one finding, and what depends on it is left open.
"""

from collections.abc import Callable
from itertools import chain

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind, NotScalable
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.wanted import ALWAYS, NARROWED, PERHAPS
from torpor.cli.findings import Finding, Grade, count
from torpor.cli.kubernetes.served import Served

TOPIC = "What you may look at"


class Survey:
    """What was read, and what could not be."""

    def __init__(self, served: Served) -> None:
        self.discovery = Discovery(served.serve, Defaults())
        self.kinds: list[Kind] = []
        """All that there are to read, in this cluster."""
        self.applied: list[Kind] = []
        """Those of them, and others, that `torpor apply` may apply somewhere."""
        self.refused: list[Finding] = []
        self._settings = served.settings

    async def read(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        """Read everything. Raises ApiError when the cluster cannot be asked what it serves."""
        offer = await kinds.offer(cluster)
        self.kinds = [*ALWAYS]
        self.kinds += [kind for wanted in PERHAPS if (kind := await offer.first(wanted)) is not None]
        for named in self._settings.scalable:
            try:
                self.kinds.append(await offer.scalable(named))
            except NotScalable as error:
                fix = "Take it out of kubernetes.scalable in torpor.yaml, or install it."
                self.refused.append(Finding(Grade.WRONG, str(error), fix, TOPIC))
        apply = self._settings.apply
        found = [await offer.named(name) for name in apply.kinds] if apply.namespaces else []
        self.applied = [kind for kind in found if kind is not None]
        for kind in self.kinds:
            say(f"reading {kind.plural}")
            await self._list(cluster, kind)

    async def _list(self, cluster: Cluster, kind: Kind) -> None:
        try:
            places = self._settings.namespaces if kind.namespaced else ()
            narrowed = NARROWED.get(kind, "")
            found = [await cluster.list_all(kind, place, label_selector=narrowed) for place in places or (None,)]
            self.discovery.replace(kind, chain.from_iterable(found))
        except ApiError as error:
            if error.status == 403:
                text = f"{kind.resource} may not be listed with this kubeconfig; what depends on them is not known"
                fix = f"Ask for the permission to list {kind.resource} there, or use another context."
            else:
                text, fix = f"{kind.resource} cannot be listed: {error}", "Try again; kubectl get tells more."
            self.refused.append(Finding(Grade.WRONG, text, fix, TOPIC))

    def summary(self) -> Finding:
        """How many apps there are."""
        apps = [found.workload for found in self.discovery.apps.values() if found.workload is not None]
        if not apps:
            fix = "kubectl label deployment/NAME torpor.dev/managed=true (or a whole namespace)"
            return Finding(Grade.NOTE, "no workload is managed", fix, "Apps")
        asleep = sum(not workload.up for workload in apps)
        text = f"{count(len(apps), 'workload')} managed, {asleep} of them at 0 replicas"
        return Finding(Grade.OK, text, topic="Apps")
