"""`torpor scaler` for a cluster: who it is, where others find it, and its life from start to signal."""

import asyncio
import logging
import os
import secrets
import socket
from typing import TYPE_CHECKING

from torpor.cli.failure import Failed
from torpor.words import Address

if TYPE_CHECKING:
    from scaler.cluster import ClusterReady
    from scaler.runtimes.kubernetes.api.cluster import Cluster
    from scaler.welcome import Welcome
    from torpor.config import Settings

log = logging.getLogger(__name__)


async def serve(
    settings: "Settings", *, kubeconfig: str | None, context: str | None, advertise: Address | None, token: str | None
) -> None:
    """Run until a signal says stop. `token`: proxies may show this one instead of a ServiceAccount's. Raises Failed."""
    from scaler.cluster import serve_cluster
    from scaler.runtimes.kubernetes.api.access import NoAccess, find
    from scaler.runtimes.kubernetes.api.errors import ApiError
    from torpor.cli.signals import stop_on_signals
    from torpor.cli.telling import log_events
    from torpor.cli.trouble import as_failure
    from torpor.cli.urls import base_url
    from torpor.cli.where import reachable

    stop = asyncio.Event()
    stop_on_signals(stop, lambda: None)
    helpers: list[asyncio.Task[None]] = []
    try:
        async with asyncio.TaskGroup() as group:

            def begin(ready: "ClusterReady") -> None:
                log.info("API and status page: %s", base_url(reachable(ready.api)))
                helpers.append(group.create_task(log_events(ready.control.bus)))

            await serve_cluster(
                settings,
                access=find(kubeconfig, context),
                me=_name(),
                advertise=advertise,
                welcome=lambda cluster: _welcome(cluster, settings, token),
                on_ready=begin,
                stop=stop,
            )
            for helper in helpers:
                helper.cancel()
    except (OSError, NoAccess, BaseExceptionGroup) as raised:
        trouble = as_failure(raised)
        if isinstance(trouble, NoAccess | ApiError):
            raise Failed(str(trouble)) from None
        raise trouble from None


def _welcome(cluster: "Cluster", settings: "Settings", token: str | None) -> "Welcome":
    from scaler.runtimes.kubernetes.welcome import accounts
    from scaler.welcome import shared

    proxies = settings.kubernetes.proxies if settings.kubernetes is not None else ()
    reviewed = accounts(cluster, frozenset(proxies))
    if token is None:
        return reviewed
    right = shared(token)

    async def look(given: str) -> str | None:
        return None if await right(given) is None else await reviewed(given)

    return look


def _name() -> str:
    """This process's name, never given twice: the pod's, and something of this start."""
    return f"{os.environ.get('POD_NAME') or socket.gethostname()}-{secrets.token_hex(4)}"
