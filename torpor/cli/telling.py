"""Every event as a log line: the app and one sentence."""

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scaler.bus import Bus

events = logging.getLogger("torpor.events")


async def log_events(bus: "Bus") -> None:
    """Log what happens until cancelled; how busy an app is is no news, nor is one that was there before."""
    with bus.listen(activity=False) as news:
        async for event in news:
            if event.text:
                events.info("%s", event.text, extra={"app": event.status.id})
