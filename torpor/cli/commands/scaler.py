"""`torpor scaler`: one scaler process; its proxies run elsewhere."""

import asyncio
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torpor.cli.options import EndpointType, file_option, log_level_option
from torpor.words import Address

if TYPE_CHECKING:
    from torpor.config import Settings

log = logging.getLogger(__name__)


@click.command("scaler")
@file_option
@click.option(
    "--link-token-file",
    type=click.Path(path_type=Path),
    help="Holds the token of the link. Default: the environment, TORPOR_LINK_TOKEN.",
)
@click.option(
    "--kubeconfig",
    metavar="FILE",
    help="The cluster, with kubernetes: in torpor.yaml. Default: KUBECONFIG, ~/.kube/config, else the pod's own.",
)
@click.option("--context", metavar="NAME", help="The kubeconfig's context. Default: the current one.")
@click.option(
    "--advertise",
    type=EndpointType(),
    help="Where other scalers of the cluster reach this one's API. Default: where it listens.",
)
@log_level_option
def command(
    file: Path,
    link_token_file: Path | None,
    kubeconfig: str | None,
    context: str | None,
    advertise: tuple[str, int] | None,
    log_level: str | None,
) -> None:
    """Run the scaler with its API and status page; `torpor proxy` joins it. SIGHUP takes a changed torpor.yaml.

    With `kubernetes:` in torpor.yaml the apps are those of a cluster. Several may run then; one of them leads.

    \b
    TORPOR_LINK_TOKEN=… torpor scaler -f torpor.yaml
    """
    from torpor.cli.limits import raise_fd_limit
    from torpor.cli.logs import OneLine, set_up
    from torpor.cli.supplied import LINK_TOKEN, link_token, settings_of

    settings = settings_of(file)
    wanted = settings.kubernetes is None or link_token_file is not None or LINK_TOKEN in os.environ
    token = link_token(link_token_file) if wanted else ""
    set_up(log_level, formatter=OneLine([token, settings.token or ""]))
    raise_fd_limit()
    if settings.kubernetes is None:
        asyncio.run(_serve(settings, file, token))
    else:
        from torpor.cli.cluster_scaler import serve

        where = Address(*advertise) if advertise else None
        asyncio.run(serve(settings, kubeconfig=kubeconfig, context=context, advertise=where, token=token or None))


async def _serve(settings: "Settings", file: Path, token: str) -> None:
    from scaler.server import ScalerReady, serve_scaler
    from torpor.cli.reloading import reload_when_asked
    from torpor.cli.signals import reload_on_hangup, stop_on_signals
    from torpor.cli.telling import log_events
    from torpor.cli.trouble import as_failure
    from torpor.cli.urls import base_url
    from torpor.cli.where import reachable

    stop, reload = asyncio.Event(), asyncio.Event()
    stop_on_signals(stop, lambda: None)
    reload_on_hangup(reload, stop)
    helpers: list[asyncio.Task[None]] = []
    try:
        async with asyncio.TaskGroup() as group:

            def begin(ready: ScalerReady) -> None:
                log.info("API and status page: %s", base_url(reachable(ready.api)))
                helpers.append(group.create_task(log_events(ready.control.bus)))
                helpers.append(group.create_task(reload_when_asked(ready.control.reload, reload, log.info)))

            await serve_scaler(settings, config_file=file, link_token=token, on_ready=begin, stop=stop)
            for helper in helpers:
                helper.cancel()
    except (OSError, BaseExceptionGroup) as raised:
        raise as_failure(raised) from None
