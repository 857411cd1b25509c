"""A dashboard in few words, and the JSON that Grafana wants instead."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

COLUMNS = 24
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "torpor"

type Tree = dict[str, Any]

DATASOURCE: Tree = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
APP: Tree = {
    "name": "app",
    "label": "App",
    "type": "query",
    "datasource": SOURCE,
    "query": {"query": "label_values(torpor_app_phase, app)", "refId": "app"},
    "refresh": 2,
    "sort": 1,
}


def textbox(name: str, label: str, value: str) -> Tree:
    """A variable that people type."""
    one = {"text": value, "value": value, "selected": True}
    return {"name": name, "label": label, "type": "textbox", "query": value, "current": one, "options": [one]}


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and what its series are called; `at_end` asks for the last moment alone."""

    expr: str
    legend: str = ""
    at_end: bool = False
    format: str = "time_series"


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; its place comes from its size and its neighbours."""

    title: str
    about: str
    queries: Sequence[Query]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 8
    custom: Tree = field(default_factory=dict)
    """How a field is drawn."""
    defaults: Tree = field(default_factory=dict)
    """What else holds for each field."""
    options: Tree = field(default_factory=dict)
    transformations: Sequence[Tree] = ()

    def tree(self, number: int, x: int, y: int) -> Tree:
        """As Grafana wants it."""
        targets = [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": one.expr,
                "legendFormat": one.legend or "__auto",
            }
            | ({"instant": True, "range": False} if one.at_end else {"range": True})
            | ({"format": one.format} if one.format != "time_series" else {})
            for at, one in enumerate(self.queries)
        ]
        defaults = {"unit": self.unit, **self.defaults} | ({"custom": self.custom} if self.custom else {})
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.about,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "datasource": SOURCE,
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": self.options,
            "targets": targets,
        } | ({"transformations": list(self.transformations)} if self.transformations else {})


@dataclass(frozen=True, slots=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    about: str
    panels: Sequence[Panel]
    variables: Sequence[Tree] = ()

    def text(self) -> str:
        """The file: a panel a line, so that a change is seen where it is."""
        head: Tree = {
            "uid": self.uid,
            "title": self.title,
            "description": self.about,
            "tags": [TAG],
            "schemaVersion": 39,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "links": [{"type": "dashboards", "tags": [TAG], "title": "Torpor", "keepTime": True, "includeVars": True}],
        }
        parts = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        parts.append(f'"templating": {{"list": [\n{_lines([DATASOURCE, *self.variables])}\n]}}')
        parts.append(f'"panels": [\n{_lines(self._placed())}\n]')
        return "{\n" + ",\n".join(parts) + "\n}\n"

    def _placed(self) -> Iterator[Tree]:
        """From left to right, and on in the next row where there is no room."""
        x = y = tallest = 0
        for number, panel in enumerate(self.panels, 1):
            if x + panel.width > COLUMNS:
                x, y, tallest = 0, y + tallest, 0
            yield panel.tree(number, x, y)
            x, tallest = x + panel.width, max(tallest, panel.height)


def _lines(parts: Sequence[Tree] | Iterator[Tree]) -> str:
    return ",\n".join(json.dumps(part, ensure_ascii=False) for part in parts)
