"""The dashboards: as their source says, whole, and about metrics that there are."""

import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from charts.grafana.__main__ import BOARDS
from scaler.metrics import Metrics
from tests.metrics.queries import DASHBOARDS, alerts, dashboard, panels

KINDS = {"timeseries", "stat", "table", "bargauge", "state-timeline", "heatmap"}
EVERYONES = {"process_cpu_seconds_total", "process_resident_memory_bytes", "scrape_duration_seconds"}
"""Metrics that are not Torpor's own."""
_METRIC = re.compile(r"\b(?:torpor|process|scrape)_[a-z_]+")


def test_they_are_as_their_source_says() -> None:
    assert {file.name for file in DASHBOARDS} == BOARDS.keys()
    for file in DASHBOARDS:
        assert file.read_text(encoding="utf-8") == BOARDS[file.name].text(), "run: python -m charts.grafana"


def test_every_metric_that_they_and_the_alerts_ask_for_is_there_and_the_other_way_round() -> None:
    known = {metric.name for metric in Metrics.describe()}
    parts = {
        f"{m.name}{part}" for m in Metrics.describe() if m.type == "histogram" for part in ("_bucket", "_sum", "_count")
    }
    shown = {name for expr in panels("notes").values() for name in _METRIC.findall(expr)}
    asked = shown | {name for expr in alerts().values() for name in _METRIC.findall(expr)}
    assert asked <= known | parts | EVERYONES
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in shown} | EVERYONES == known | EVERYONES


@pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)
def test_every_panel_says_what_it_shows_and_has_its_own_place(file: Path) -> None:
    board = dashboard(file)
    assert board["uid"].startswith("torpor-")
    assert board["description"].endswith(".")
    found = board["panels"]
    assert [panel["id"] for panel in found] == [*range(1, len(found) + 1)]
    for panel in found:
        assert panel["type"] in KINDS
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert [target["refId"] for target in panel["targets"]] == [*"ABCDEF"[: len(panel["targets"])]]
        assert all(part["datasource"]["uid"] == "${datasource}" for part in (panel, *panel["targets"]))
    cells = [_cells(panel["gridPos"]) for panel in found]
    assert not any(one & other for one, other in combinations(cells, 2))
    assert all(0 <= x < 24 for place in cells for x, _ in place)


def _cells(place: dict[str, Any]) -> set[tuple[int, int]]:
    across, down = range(place["x"], place["x"] + place["w"]), range(place["y"], place["y"] + place["h"])
    return {(x, y) for x in across for y in down}
