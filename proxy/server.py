"""One proxy process, composed: the table, the ledger, the link, the doorman, and an engine made by the caller."""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

from proxy.doorman import Doorman
from proxy.lanes import Lanes
from proxy.ledger import Ledger
from proxy.link_client import LinkClient
from proxy.pages.brand import look_of
from proxy.table import AppTable
from torpor.link import Load

logger = logging.getLogger(__name__)

LINGER = 5.0
"""Seconds that a kept connection without a visit has at the end: a client that is busy sends one more in that time, and
its answer tells it to leave."""

type Listen = tuple[str, int]


class Engine(Protocol):
    """What moves the bytes."""

    @property
    def lanes(self) -> Lanes:
        """Its fast lane; asked for before it listens."""

    async def __aenter__(self) -> object:
        """Listen. Raises OSError with a message that helps."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End at once what is left."""

    @property
    def addresses(self) -> list[Listen]:
        """Where it listens; with TLS the second one is for that."""

    def load(self) -> Load | None:
        """How full it is; None while nobody knows. It is asked once it listens."""

    async def stop(self, grace: float) -> int:
        """Refuse new connections, let visits in flight end; how many were cut off when the grace was over."""


@dataclass(frozen=True, slots=True)
class House:
    """What an engine may build on."""

    doorman: Doorman
    table: AppTable
    ledger: Ledger


type EngineFactory = Callable[[House], Engine]


async def serve_proxy(
    *,
    links: Sequence[str],
    link_token: Callable[[], str],
    engine: EngineFactory,
    engine_name: str,
    alone: float,
    max_held: int,
    drain_timeout: float,
    brand: Path | None,
    on_ready: Callable[[list[Listen]], None],
    stop: asyncio.Event,
) -> None:
    """Run until `stop` is set, then drain. Raises OSError when it cannot listen.

    `alone` are the seconds that the engine may go on forwarding when this process is killed; `brand` is a directory of
    how pages look.
    """
    table, ledger = AppTable(), Ledger()
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    link = LinkClient(links, link_token, name=name, engine=engine_name, table=table, ledger=ledger, alone=alone)
    doorman = Doorman(table, ledger, link, max_held=max_held, look=look_of(brand))
    moving = engine(House(doorman, table, ledger))
    link.lanes = moving.lanes
    async with asyncio.TaskGroup() as group:
        linking = group.create_task(link.run())
        try:
            if not await _first(link.ready, stop):
                return
            async with moving:
                link.load = moving.load
                on_ready(moving.addresses)
                await stop.wait()
                logger.info("draining: no new connections; visits in flight may take %gs to end", drain_timeout)
                if cut := await moving.stop(drain_timeout):
                    logger.warning("%d visits were cut off after %gs", cut, drain_timeout)
        finally:
            linking.cancel()


async def _first(wanted: asyncio.Event, stop: asyncio.Event) -> bool:
    """Wait for what is wanted, or for the stop; whether it was what is wanted."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(wanted.wait()), group.create_task(stop.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waits:
                task.cancel()
    return not stop.is_set()
