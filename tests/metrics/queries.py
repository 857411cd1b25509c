"""Every query of the dashboards and of the alerts, as a Prometheus can be asked it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

CHART = Path(__file__).parents[2] / "charts" / "torpor"
DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
RULES = sorted((CHART / "rules").glob("*.yaml"))

_GRAFANA = {"$__rate_interval": "20s", "$__range_s": "300", "$__range": "5m"}
"""What Grafana puts in by itself; the longer names first."""
_COMPARES = re.compile(r" (>=|<=|>|<|==|!=) ")


def dashboard(file: Path) -> dict[str, Any]:
    """As Grafana reads it."""
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def panels(app: str) -> dict[str, str]:
    """The queries of all panels, by where they are; about this app where they are about one."""
    return {name: expr for file in DASHBOARDS for name, expr in _of_panels(dashboard(file), file.stem, app)}


def alerts() -> dict[str, str]:
    """The queries of all alerts by name."""
    groups = [group for file in RULES for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]]
    return {rule["alert"]: " ".join(rule["expr"].split()) for group in groups for rule in group["rules"]}


def compared(expr: str) -> str:
    """The same with 0 and 1 in place of silence, where what is compared is there."""
    return _COMPARES.sub(r" \1 bool ", expr)


def _of_panels(board: dict[str, Any], name: str, app: str) -> Iterator[tuple[str, str]]:
    given = {f"${one['name']}": one["query"] for one in board["templating"]["list"] if one["type"] == "textbox"}
    for panel in board["panels"]:
        for target in panel["targets"]:
            expr = target["expr"]
            for variable, value in (_GRAFANA | given | {"$app": app}).items():
                expr = expr.replace(variable, value)
            assert "$" not in expr, expr
            yield f"{name}: {panel['id']} {panel['title']} {target['refId']}", expr
