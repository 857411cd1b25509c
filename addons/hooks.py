"""Calls the addons, without a task for each call, and never lets a request through that an addon failed at.

mitmproxy's own dispatch logs an addon's exception and goes on as if nothing had happened, which would forward a visit
that nobody admitted. Here it marks the flow, and a marked flow is answered with 500.
"""

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from mitmproxy import flow
from mitmproxy.addonmanager import AddonManager, traverse
from mitmproxy.proxy import commands

logger = logging.getLogger(__name__)

type Handler = Callable[..., Awaitable[None] | None]


class Hooks:
    """The addons' handlers by hook, in the order of the addons."""

    def __init__(self, addons: AddonManager) -> None:
        self._addons = addons
        self._handlers: dict[str, list[Handler]] = {}

    def run(self, hook: commands.StartHook) -> Awaitable[None] | None:
        """Call the handlers. None when all have returned; else an awaitable for the rest, which does not raise."""
        handlers = self._handlers.get(hook.name)
        if handlers is None:
            handlers = self._handlers[hook.name] = list(self._find(hook.name))
        if not handlers:
            return None
        arguments = hook.args()
        rest = iter(handlers)
        try:
            for handler in rest:
                if (waiting := handler(*arguments)) is not None:
                    return self._finish(hook, arguments, waiting, rest)
        except Exception as error:  # noqa: BLE001 - the edge: whatever an addon raises must not forward the visit
            _fail(hook, arguments, error)
        return None

    async def _finish(
        self, hook: commands.StartHook, arguments: list[Any], waiting: Awaitable[None], rest: Iterator[Handler]
    ) -> None:
        try:
            await waiting
            for handler in rest:
                if (waits := handler(*arguments)) is not None:
                    await waits
        except Exception as error:  # noqa: BLE001 - as above
            _fail(hook, arguments, error)

    def _find(self, name: str) -> Iterator[Handler]:
        for addon in traverse(self._addons.chain):
            handler = getattr(addon, name, None)
            if callable(handler):
                yield handler


def _fail(hook: commands.StartHook, arguments: list[Any], error: Exception) -> None:
    logger.error("an addon failed in %s: %s", hook.name, error, exc_info=error)
    for argument in arguments:
        if isinstance(argument, flow.Flow):
            argument.error = flow.Error(str(error) or type(error).__name__)
