"""What Prometheus scrapes of the scalers of a real cluster: every dashboard has data, and stages are those of pods."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON, Start
from tests.metrics.prometheus import prometheus
from tests.metrics.queries import panels

DATA = 100.0
RARE = ("torpor_sleep_aborts_total", "torpor_shadow_")
"""Nothing calls a sleep off here, and no app is in shadow mode; tests/metrics/test_queries.py has them."""


@pytest.mark.timeout(300)
def test_every_dashboard_has_data(namespace: Space, torpor: Start, tmp_path: Path) -> None:
    namespace.apply(*app("web", replicas=1))
    wanted = {
        name: expr for name, expr in panels(f"{namespace.name}/web").items() if not any(rare in expr for rare in RARE)
    }
    over = threading.Event()
    with torpor(scalers=2, proxies=2) as running, ThreadPoolExecutor(1) as pool:
        running.wait_phase("web", "awake")

        def come_and_go() -> None:
            while not over.wait(0.2):
                running.api("POST", f"/v1/apps/{namespace.name}/web/sleep")
                running.visit("web.test")

        scalers = [scaler.address for scaler in running.scalers]
        with prometheus(scalers, tmp_path, namespace.cluster.network) as asked:
            load = pool.submit(come_and_go)
            try:
                asked.until_said(wanted, DATA)
            finally:
                over.set()
            load.result()
            told = (  # once: after a scrape that came too late a series has no value for an instant
                "sum(torpor_leader) == 1",
                "sum(torpor_proxies_connected) == 2",
                'torpor_wake_stage_seconds_total{stage="scaling"}',
                'torpor_wake_stage_seconds_total{stage=~"scheduling|preparing|starting|probing"}',
                'torpor_kubernetes_requests_total{verb="patch", answer="ok"}',
                "torpor_saved_cpu_core_seconds_total > 0",
            )
            asked.until_said({expr: expr for expr in told}, SOON)
            until(lambda: not asked.broken_rules(), SOON, lambda: f"rules: {asked.broken_rules()}")
