"""One scaler process, composed: the process runtime, the scaler, the API with the link on it."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scaler.api import Api
from scaler.control import Control
from scaler.link_server import LinkServer
from scaler.local import LocalApps
from scaler.runtimes.process import ProcessRuntime
from scaler.scaler import Scaler
from scaler.welcome import shared
from torpor.config import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ScalerReady:
    """What runs, once it runs."""

    api: tuple[str, int]
    control: Control


async def serve_scaler(
    settings: Settings,
    *,
    config_file: Path | None,
    link_token: str,
    on_ready: Callable[[ScalerReady], None],
    stop: asyncio.Event,
) -> None:
    """Run until `stop` is set; then the apps are stopped. Raises OSError when it cannot listen."""
    async with ProcessRuntime(lost=lambda app, reason: scaler.lost(app, reason)) as runtime:
        scaler = Scaler(runtime)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(scaler.run())
            try:
                apps = LocalApps(scaler, runtime, settings, config_file)
                control = Control(scaler, runtime, apps)
                link = LinkServer(shared(link_token))
                with link.serving(scaler):
                    async with Api(control, link=link.handle, token=settings.token, listen=settings.api) as api:
                        on_ready(ScalerReady(api.addresses[0], control))
                        await stop.wait()
                logger.info("stopping the apps")
            finally:
                running.cancel()
