"""Torpors of a test's own, with the rights of examples/kubernetes, or of the chart, and no others."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.rig.space import Space
from tests.cluster.torpor.running import Running, Start


@pytest.fixture
def torpor(namespace: Space, tmp_path: Path) -> Start:
    """`with torpor(settings, scalers=2, proxies=2) as running: …`."""

    @contextlib.contextmanager
    def start(
        settings: dict[str, Any] | None = None,
        *,
        scalers: int = 1,
        proxies: int = 1,
        engine: str = "haproxy",
        rights: list[dict[str, Any]] | None = None,
    ) -> Iterator[Running]:
        with tempfile.TemporaryDirectory(prefix="torpor-") as state:
            running = Running(namespace, tmp_path, Path(state), settings, rights)
            with running.up(scalers=scalers, proxies=proxies, engine=engine):
                yield running

    return start
