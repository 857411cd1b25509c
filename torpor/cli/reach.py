"""The way to the Torpor that is meant: chosen, and only then imported."""

from torpor.cli.api import Api
from torpor.cli.carrier import Carrier
from torpor.cli.direct import Direct
from torpor.cli.failure import Failed
from torpor.cli.where import Asked, Where, Within, find_api

PROBE = 1.0
"""Seconds for a Torpor of this machine to say that it is one, where a cluster is the other choice."""


def reach(asked: Asked) -> Api:
    """The API to ask. Raises Failed, and click.UsageError for what cannot be asked."""
    return Api(_carrier(find_api(asked, is_torpor)))


def is_torpor(where: Where) -> bool:
    """Whether a Torpor answers there, and nothing else."""
    try:
        return "token_required" in Api(Direct(where)).get("/v1/info", deadline=PROBE)
    except Failed:
        return False


def _carrier(where: Where | Within) -> Carrier:
    if isinstance(where, Where):
        return Direct(where)
    from torpor.cli.kubernetes.through import Through  # here: it brings the Kubernetes client

    return Through(where)
