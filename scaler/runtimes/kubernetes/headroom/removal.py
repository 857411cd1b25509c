"""Placeholders that are left from before headroom was turned off are taken away."""

import asyncio
import logging

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS
from scaler.runtimes.kubernetes.headroom.placeholders import NAME, read_held
from scaler.runtimes.kubernetes.headroom.step import pause
from scaler.runtimes.kubernetes.objects.reading import read_meta

logger = logging.getLogger(__name__)


async def remove(cluster: Cluster, home: str) -> None:
    """Returns when there are none, or when they may not be removed. `home` is Torpor's own namespace."""
    failures = 0
    while True:
        try:
            found = await cluster.get(DEPLOYMENTS, home, NAME)
            if read_held(found).ours:
                await cluster.delete(DEPLOYMENTS, home, NAME, version=read_meta(found).resource_version)
                logger.info("placeholders %s/%s: removed, for headroom is turned off", home, NAME)
            return
        except ApiError as error:
            if error.not_found:
                return
            if error.status == 403:
                logger.info("placeholders %s/%s, if there are any, may not be removed: %s", home, NAME, error)
                return
            failures += 1
            await asyncio.sleep(pause(failures))
