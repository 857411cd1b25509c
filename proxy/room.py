"""How many visitors' connections a proxy takes: as many as the limit on open files allows, unless it is told fewer."""

import logging
import resource

logger = logging.getLogger(__name__)

SPARE_FDS = 200
"""Descriptors for everything else."""
LEAST = 100


def room(wanted: int | None, *, most: int, each: float, spare: int = SPARE_FDS) -> int:
    """Connections that are taken, of which each needs so many descriptors; `most` unless something else is wanted."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return wanted or most
    allowed = max(LEAST, int((soft - spare) / each))
    if wanted is not None and wanted > allowed:
        logger.warning("%d connections are wanted, but %d open files allow only %d", wanted, soft, allowed)
    return min(wanted or most, allowed)
