"""A cluster for commands that are not asynchronous: its event loop runs in a thread of its own."""

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from threading import Thread
from typing import Any

from scaler.runtimes.kubernetes.api.access import Access, NoAccess
from scaler.runtimes.kubernetes.api.cluster import Cluster
from torpor.cli.failure import Failed

GOODBYE = 2.0
"""Seconds for connections to be closed before the process ends all the same."""
CLOSED = "the connection to the cluster is closed"


class Background:
    """Opens the cluster at once. Raises Failed with what is wrong with its configuration."""

    def __init__(self, access: Access) -> None:
        self._stop: Callable[[], object] = lambda: None
        opened: Future[Cluster] = Future()
        self._thread = Thread(target=lambda: asyncio.run(self._main(access, opened)), name="cluster", daemon=True)
        self._thread.start()
        try:
            self.cluster = opened.result()
        except NoAccess as error:
            raise Failed(str(error)) from None

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        """What the coroutine returns, or raises. Ctrl-C is heard meanwhile, and cancels it."""
        future = self.submit(work)
        try:
            return future.result()
        except CancelledError:
            raise Failed(CLOSED) from None
        finally:
            future.cancel()

    def submit[T](self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin it; whoever asked waits for it, or cancels it. Raises Failed once all is closed."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError:
            work.close()
            raise Failed(CLOSED) from None

    def close(self) -> None:
        """Close the connections; what still runs is cancelled."""
        self._stop()
        self._thread.join(GOODBYE)

    async def _main(self, access: Access, opened: Future[Cluster]) -> None:
        self._loop = asyncio.get_running_loop()
        stop = asyncio.Event()
        self._stop = lambda: self._loop.call_soon_threadsafe(stop.set) if self._thread.is_alive() else None
        try:
            async with Cluster(access) as cluster:
                opened.set_result(cluster)
                await stop.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)  # NoAccess as a rule; whoever waits must not wait for ever
