"""Every query of the dashboards and alerts, asked a real Prometheus that has scraped a real Torpor under load."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.cluster.rig.until import until
from tests.metrics.load import NOTES, busy
from tests.metrics.prometheus import prometheus
from tests.metrics.queries import alerts, compared, panels
from tests.torpor.cli.command import Torpor

DATA = 100.0
CLUSTER = "torpor_kubernetes_"
"""Only a scaler of a cluster has these: tests/cluster/torpor/test_metrics.py."""
FIRING = ("TorporWakesFailing", "TorporHeldVisitsGrowing", "TorporVisitsRefused")
"""What the load brings about."""


@pytest.fixture
async def torpor(tmp_path: Path) -> AsyncIterator[Torpor]:
    made = Torpor(tmp_path)
    yield made
    await made.end()


@pytest.mark.timeout(300)
async def test_each_has_data(torpor: Torpor, tmp_path: Path) -> None:
    local = {name: expr for name, expr in panels(NOTES).items() if CLUSTER not in expr}
    wanted = local | {name: compared(expr) for name, expr in alerts().items()}
    wanted |= {f"{name} fires": alerts()[name] for name in FIRING}
    async with busy(torpor) as api:
        host, _, port = api.rpartition(":")
        with prometheus([(host, int(port))], tmp_path) as asked:
            await asyncio.to_thread(asked.until_said, wanted, DATA)
            await asyncio.to_thread(
                until, lambda: not asked.broken_rules(), DATA, lambda: f"rules: {asked.broken_rules()}"
            )
