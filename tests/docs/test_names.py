"""What the docs name exists: settings, annotations, values of the chart, metrics."""

import json
import re

import pytest

from scaler.applier.sets import LABEL
from scaler.metrics_table import ALL
from scaler.runtimes.kubernetes.api.lease import STAY
from scaler.runtimes.kubernetes.objects.annotations import ALLOWED, APPLIED_AT, EXPIRES_IN, PREFIX
from scaler.runtimes.kubernetes.objects.remembered import WRITTEN
from scaler.runtimes.kubernetes.objects.workload import MANAGED
from tests.charts.settings_schema import BY_THE_CHART, ELSEWHERE, FILE
from tests.docs.pages import TOLD, fences, quoted, text
from tests.readme_tables import CONFIGURE
from torpor.cli.settings import describe

KEYS = {*(PREFIX + name for name in ALLOWED), *WRITTEN, MANAGED, LABEL, EXPIRES_IN, APPLIED_AT, STAY}
SETTINGS = {one.name for one in describe()}
CHART = json.loads(FILE.read_text(encoding="utf-8"))["properties"]


@pytest.mark.parametrize("name", TOLD)
def test_labels_and_annotations_are_ones_that_torpor_knows(name: str) -> None:
    assert set(re.findall(r"torpor\.dev/[a-z-]+", text(name))) <= KEYS


@pytest.mark.parametrize("name", TOLD)
def test_settings_that_are_named_in_full_exist(name: str) -> None:
    """`kubernetes.apply`; of those that are shown with a value, such as `engine: auto`, the name."""
    named = {
        found[0] for quote in quoted(name) if (found := re.match(r"(kubernetes|price|tls)\.(?!io/)[a-z_.]+", quote))
    }
    valued = {found[1] for quote in quoted(name) if (found := re.fullmatch(r"([a-z]+_[a-z_]+): .*", quote))}
    short = {one.rpartition(".")[2] for one in SETTINGS}
    assert named <= SETTINGS
    assert valued <= short


@pytest.mark.parametrize("name", TOLD)
def test_values_of_the_chart_exist(name: str) -> None:
    parts = "|".join(CHART)
    shown = {found[0] for quote in quoted(name) if (found := re.match(rf"({parts})\.[A-Za-z_.]+", quote))}
    shown |= set(re.findall(r"--set ([A-Za-z_.]+)=", "\n".join(fences(name, "", "sh"))))
    assert {value for value in shown if not _is_value(value.rstrip("."))} == set()


def _is_value(path: str) -> bool:
    here = {"properties": CHART}
    for name in path.split("."):
        here = here.get("properties", {}).get(name)
        if here is None:
            return False
    return True


@pytest.mark.parametrize("name", TOLD)
def test_metrics_that_are_named_exist(name: str) -> None:
    known = {metric.name for metric in ALL}
    parts = {f"{metric.name}{part}" for metric in ALL for part in ("_bucket", "_sum", "_count")}
    for named in set(re.findall(r"\btorpor_[a-z_]+", text(name))):
        assert named in known | parts or (named.endswith("_") and f"{named}…" in text(name))


def test_what_counts_in_a_cluster_is_what_the_chart_takes() -> None:
    section = CONFIGURE.read_text(encoding="utf-8").split("### What counts in a cluster")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    told = {name for row in rows for name in re.findall(r"`([a-z_.]+)`", row)}
    assert told == ELSEWHERE | BY_THE_CHART
