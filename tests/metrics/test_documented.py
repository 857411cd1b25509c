"""docs/metrics.md and the code say the same: metrics, how many series, dashboards, alerts."""

import re

from scaler import metrics_table as table
from tests.metrics.queries import DASHBOARDS, RULES, alerts, dashboard
from tests.metrics.series import idle, most
from tests.readme_tables import METRICS, tables, updated

TEXT = METRICS.read_text(encoding="utf-8")


def test_the_table_of_metrics_is_as_the_code_has_it() -> None:
    assert tables()["metrics"] in TEXT, "run: python -m tests.readme_tables"
    assert updated(TEXT, ("metrics",)) == TEXT


def test_every_metric_that_is_named_exists() -> None:
    parts = {f"{m.name}{part}" for m in table.ALL if m.type == "histogram" for part in ("_bucket", "_sum", "_count")}
    assert set(re.findall(r"`(torpor_[a-z_]+)", TEXT)) <= {metric.name for metric in table.ALL} | parts


def test_the_numbers_of_series_are_true() -> None:
    one, two = most(), most(apps=2, proxies=2)
    by_app = sum(one[metric.name] for metric in table.ALL if "app" in metric.labels)
    by_proxy = sum(one[metric.name] for metric in table.ALL if "proxy" in metric.labels)
    rest = sum(one.values()) - by_app - by_proxy
    assert sum(two.values()) == 2 * by_app + 2 * by_proxy + rest
    asleep = sum(number for name, number in idle().items() if "app" in {m.name: m.labels for m in table.ALL}[name])
    for words, number in (
        ("an app that nothing has happened to", asleep),
        ("an app to which everything has happened", by_app),
        ("a proxy", by_proxy),
        ("all the rest", rest),
    ):
        assert f"| {words} | {number} |" in TEXT, f"{words}: {number}"


def test_every_dashboard_is_told_of() -> None:
    for file in DASHBOARDS:
        board = dashboard(file)
        assert f"[{board['title']}](../charts/torpor/dashboards/{file.name})" in TEXT
        assert board["description"] in TEXT
    for variable in (one for file in DASHBOARDS for one in dashboard(file)["templating"]["list"]):
        assert variable["type"] != "textbox" or f"`{variable['name']}` (`{variable['query']}`)" in TEXT


def test_every_alert_is_told_of_with_what_to_do() -> None:
    sections = dict(re.findall(r"^### (Torpor\w+)\n\n(.*?)(?=^##|\Z)", TEXT, re.DOTALL | re.MULTILINE))
    assert sections.keys() == alerts().keys()
    for file in RULES:
        for name, severity in re.findall(r"alert: (\w+).*?severity: (\w+)", file.read_text(), re.DOTALL):
            assert sections[name].startswith(f"*{severity}.*"), name
            assert "What to do:" in sections[name], name
