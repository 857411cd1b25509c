"""`torpor scaler`: one scaler process; its proxies run elsewhere."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING

import click

from torpor.cli.options import file_option, log_level_option

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
@log_level_option
def command(file: Path, link_token_file: Path | None, log_level: str | None) -> None:
    """Run the scaler with its API and status page; `torpor proxy` joins it. SIGHUP takes a changed torpor.yaml.

    \b
    TORPOR_LINK_TOKEN=… torpor scaler -f torpor.yaml
    """
    from torpor.cli.limits import raise_fd_limit
    from torpor.cli.logs import OneLine, set_up
    from torpor.cli.supplied import link_token, settings_of

    token = link_token(link_token_file)
    settings = settings_of(file)
    set_up(log_level, formatter=OneLine([token, settings.token or ""]))
    raise_fd_limit()
    asyncio.run(_serve(settings, file, token))


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
