"""One scaler process of a cluster, composed: what it reads always, and what it does while it leads.

Whoever stands by reads the cluster too, so that a reign begins with all that is known. A reign ends with the Lease: its
scaler and its links go, the apps stay as they are.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from scaler.api import Api
from scaler.api.guard import Deployers
from scaler.applier.applier import Applier
from scaler.applier.deployers import deployers
from scaler.cluster_control import ClusterControl
from scaler.lasting import lasting
from scaler.link_server import LinkServer
from scaler.runtimes.kubernetes.api.access import Access
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.lease import Leadership, Reign
from scaler.runtimes.kubernetes.apps import ClusterApps
from scaler.runtimes.kubernetes.crews import Crews
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.headroom.keeper import Keeper
from scaler.runtimes.kubernetes.headroom.removal import remove
from scaler.runtimes.kubernetes.notes import Notes
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.picture import Picture
from scaler.runtimes.kubernetes.runtime import KubernetesRuntime
from scaler.runtimes.kubernetes.staying import seconds
from scaler.scaler import Scaler
from scaler.welcome import Welcome
from torpor import link
from torpor.config import Settings
from torpor.kubernetes_settings import KubernetesSettings
from torpor.words import Address

logger = logging.getLogger(__name__)

LEASE = "torpor-scaler"


@dataclass(frozen=True, slots=True)
class ClusterReady:
    """What runs, once it runs."""

    api: Address
    control: ClusterControl


async def serve_cluster(
    settings: Settings,
    *,
    access: Access,
    me: str,
    advertise: Address | None,
    welcome: Callable[[Cluster], Welcome],
    on_ready: Callable[[ClusterReady], None],
    stop: asyncio.Event,
) -> None:
    """Run until `stop` is set. `me` is this process's name, as no other has it; `advertise` is where others of its kind
    reach its API. Raises OSError when it cannot listen, NoAccess and ApiError."""
    wanted = settings.kubernetes or KubernetesSettings()
    async with Cluster(access) as cluster:
        discovery = Discovery(_serve(wanted), _defaults(settings))
        picture = Picture(cluster, discovery, scalable=wanted.scalable, namespaces=wanted.namespaces)
        control = ClusterControl(
            wanted, picture.missing, token_required=settings.token is not None, price=settings.price
        )
        cluster.on_call = control.metrics.system.called
        links = LinkServer(welcome(cluster))
        leadership: Leadership | None = None

        def leader() -> str | None:
            if control.scaler is not None:
                return None
            _, _, where = (leadership.holder if leadership is not None else "").rpartition("@")
            return f"http://{where}" if where else ""

        async with (
            Api(
                control,
                link=links.handle,
                token=settings.token,
                listen=settings.api,
                leader=leader,
                deployers=_deployers(cluster, wanted),
            ) as api,
            asyncio.TaskGroup() as group,
        ):
            here = advertise or api.addresses[0]
            leadership = Leadership(cluster, wanted.namespace, LEASE, f"{me}@{here}")
            on_ready(ClusterReady(api.addresses[0], control))
            watching = group.create_task(picture.run())
            leading = group.create_task(_stand(cluster, picture, links, control, leadership, wanted))
            await stop.wait()
            leading.cancel()
            with suppress(asyncio.CancelledError):
                await leading
            watching.cancel()


async def _stand(
    cluster: Cluster,
    picture: Picture,
    links: LinkServer,
    control: ClusterControl,
    leadership: Leadership,
    wanted: KubernetesSettings,
) -> None:
    """Stand by, and lead when it is our turn."""
    await picture.whole.wait()
    logger.info("the cluster has been read: %d apps", len(picture.apps))
    async with Crews(picture) as crews:

        async def lead(reign: Reign) -> None:
            ours = cluster.fenced(reign.certain)
            runtime = KubernetesRuntime(ours, picture, crews, autoscaled=wanted.autoscaler)
            scaler = Scaler(
                runtime,
                metrics=control.metrics,
                savings=control.books,
                bus=control.bus,
                settle=link.LEASE,
                stay=lambda: seconds(leadership.stay, time.time()),
            )
            async with asyncio.TaskGroup() as group:
                apps = ClusterApps(scaler, runtime, picture, crews, group)
                group.create_task(scaler.run())
                group.create_task(Notes(ours, scaler, runtime, picture).run())
                group.create_task(lasting("headroom", lambda: _headroom(ours, picture, wanted)))
                await asyncio.sleep(0)
                apps.begin()
                control.books.retain(scaler.apps)
                applier = Applier(ours, scaler, picture, wanted)
                group.create_task(lasting("looking after sets that expire", applier.run))
                control.scaler, control.applier = scaler, applier
                try:
                    with links.serving(scaler):
                        await asyncio.Event().wait()
                finally:
                    control.scaler = control.applier = None
                    apps.end()

        await leadership.run(lead)


async def _headroom(cluster: Cluster, picture: Picture, wanted: KubernetesSettings) -> None:
    if wanted.headroom is None:
        await remove(cluster, wanted.namespace)
    else:
        await Keeper(cluster, picture, wanted.headroom, wanted.namespace).run()


def _deployers(cluster: Cluster, wanted: KubernetesSettings) -> Deployers:
    return deployers(cluster, frozenset(wanted.apply.accounts))


def _serve(wanted: KubernetesSettings) -> Serve:
    return Serve(
        ingress_classes=frozenset(wanted.ingress_classes),
        without_class=wanted.ingress_without_class,
        gateways=frozenset(wanted.gateways),
        gateway_classes=frozenset(wanted.gateway_classes),
    )


def _defaults(settings: Settings) -> Defaults:
    wanted = settings.kubernetes or KubernetesSettings()
    return Defaults(settings.idle_timeout, settings.default_policy(), settings.mode, wanted.team_label)
