"""`torpor rouse`: everybody awake, before Torpor is taken out of a cluster."""

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torpor.cli.options import DurationType
from torpor.kubernetes_settings import KubernetesSettings

if TYPE_CHECKING:
    from scaler.runtimes.kubernetes.rousing import Roused

MOST = 20
"""So many apps are named at once."""


@click.command("rouse")
@click.option(
    "-f",
    "--file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The torpor.yaml of the scalers, for what its kubernetes: says. Default: what is usual.",
)
@click.option(
    "--kubeconfig",
    metavar="FILE",
    help="The cluster. Default: KUBECONFIG, ~/.kube/config, else the pod's own.",
)
@click.option("--context", metavar="NAME", help="The kubeconfig's context. Default: the current one.")
@click.option(
    "--timeout",
    type=DurationType(),
    default="5m",
    show_default=True,
    help="How long it may take; half of it at most is for pods to become ready.",
)
def command(file: Path | None, kubeconfig: str | None, context: str | None, timeout: float) -> None:
    """Give every workload of a cluster back the replica count that a sleep took, before Torpor is taken out of it.

    Whoever leads puts nobody to sleep from then on, until two minutes after the end. It needs no scaler that runs, and
    may be done again. Exit code 1 where somebody sleeps on, with names and reasons. `helm uninstall` does it by itself.

    \b
    torpor rouse && kubectl delete -f examples/kubernetes/torpor.yaml
    """
    from torpor.cli.supplied import settings_of

    settings = settings_of(file).kubernetes if file is not None else None
    roused = asyncio.run(_run(settings or KubernetesSettings(), kubeconfig, context, timeout))
    count = len(roused.woken)
    click.echo(f"Nobody is asleep: {count} {'app was' if count == 1 else 'apps were'} woken.")
    if roused.unready:
        click.echo(f"Not ready yet: {_named(roused.unready)}. kubectl describe says why.", err=True)


async def _run(settings: KubernetesSettings, kubeconfig: str | None, context: str | None, timeout: float) -> "Roused":
    from scaler.cluster import LEASE
    from scaler.runtimes.kubernetes.api.access import NoAccess, find
    from scaler.runtimes.kubernetes.api.cluster import Cluster
    from scaler.runtimes.kubernetes.api.errors import ApiError
    from scaler.runtimes.kubernetes.rousing import NotRoused, Rousing
    from torpor.cli.failure import Failed
    from torpor.cli.say import printable
    from torpor.duration import format_duration

    def say(text: str) -> None:
        click.echo(printable(text), err=True)

    try:
        async with asyncio.timeout(timeout), Cluster(find(kubeconfig, context)) as cluster:
            return await Rousing(cluster, settings, LEASE, time.time, say).run(timeout / 2)
    except TimeoutError:
        raise Failed(f"not everybody is awake after {format_duration(timeout)}; what was said above is done") from None
    except NotRoused as raised:
        raise Failed(f"asleep still: {_named([f'{app} ({why})' for app, why in raised.apps.items()])}") from None
    except (NoAccess, ApiError) as error:
        raise Failed(printable(str(error))) from None


def _named(names: list[str]) -> str:
    from torpor.cli.say import printable

    rest = len(names) - MOST
    return printable(", ".join(names[:MOST])) + (f" and {rest} more" if rest > 0 else "")
