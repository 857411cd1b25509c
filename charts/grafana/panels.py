"""The sorts of panels that the dashboards use."""

from collections.abc import Sequence

from charts.grafana.board import Panel, Query, Tree

PHASES = {"asleep": "blue", "waking": "yellow", "awake": "green", "draining": "purple", "failed": "red"}
"""In the order of the values that stand for them in a timeline."""
_LEGEND: Tree = {
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
    "tooltip": {"mode": "multi", "sort": "desc"},
}
_LAST: Tree = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}


def lines(title: str, about: str, *queries: Query, unit: str = "short", width: int = 8) -> Panel:
    """Values over time."""
    return Panel(title, about, queries, unit=unit, width=width, options=_LEGEND, defaults={"min": 0})


def areas(title: str, about: str, *queries: Query, unit: str = "short", width: int = 8) -> Panel:
    """Parts of a whole over time."""
    custom = {"fillOpacity": 40, "lineWidth": 1, "stacking": {"mode": "normal"}}
    return Panel(title, about, queries, unit=unit, width=width, custom=custom, options=_LEGEND, defaults={"min": 0})


def bars(title: str, about: str, *queries: Query, unit: str = "short", width: int = 8) -> Panel:
    """How many in each step of time."""
    custom = {"drawStyle": "bars", "fillOpacity": 70, "lineWidth": 1, "stacking": {"mode": "normal"}}
    defaults = {"min": 0, "decimals": 0}
    return Panel(title, about, queries, unit=unit, width=width, custom=custom, options=_LEGEND, defaults=defaults)


def number(title: str, about: str, expr: str, *, unit: str = "short", at_end: bool = False, **more: object) -> Panel:
    """One number, as of now."""
    options = {**_LAST, "colorMode": "value", "graphMode": "none" if at_end else "area"}
    queries = [Query(expr, title, at_end=at_end)]
    return Panel(title, about, queries, "stat", unit, width=4, height=4, options=options, defaults={**more})


def table(title: str, about: str, expr: str, *, unit: str, value: str, width: int = 8) -> Panel:
    """Apps with a number each, which lead to the dashboard of that app."""
    link = {"title": "${__data.fields.App}", "url": "/d/torpor-app?var-app=${__data.fields.App}"}
    renamed = {"excludeByName": {"Time": True}, "renameByName": {"app": "App", "Value": value}}
    return Panel(
        *(title, about, [Query(expr, at_end=True, format="table")], "table", unit),
        width=width,
        defaults={"links": [link]},
        options={"showHeader": True, "sortBy": [{"displayName": value, "desc": True}]},
        transformations=[{"id": "organize", "options": renamed}],
    )


def ranks(title: str, about: str, expr: str, legend: str, *, unit: str, width: int = 8) -> Panel:
    """Bars beside each other, as of now."""
    options = {**_LAST, "displayMode": "gradient", "orientation": "horizontal"}
    return Panel(
        title, about, [Query(expr, legend, at_end=True)], "bargauge", unit, width, options=options, defaults={"min": 0}
    )


def timeline(title: str, about: str, expr: str, *, width: int = 24) -> Panel:
    """The phase over time, from a number for each."""
    shown = {str(at): {"index": at, "text": name, "color": color} for at, (name, color) in enumerate(PHASES.items())}
    return Panel(
        *(title, about, [Query(expr, "phase")], "state-timeline", "short", width, 5),
        custom={"fillOpacity": 80, "lineWidth": 0},
        defaults={"mappings": [{"type": "value", "options": shown}]},
        options={"mergeValues": True, "showValue": "auto", "rowHeight": 0.9},
    )


def heat(title: str, about: str, expr: str, *, width: int = 12) -> Panel:
    """How many fell into each bucket of a histogram, over time."""
    options = {
        "calculate": False,
        "cellGap": 1,
        "color": {"mode": "scheme", "scheme": "Oranges", "steps": 64},
        "yAxis": {"unit": "s", "axisPlacement": "left"},
        "tooltip": {"mode": "single", "yHistogram": True},
        "legend": {"show": True},
    }
    queries = [Query(expr, "{{le}}", format="heatmap")]
    return Panel(title, about, queries, "heatmap", "s", width, options=options)


def quantiles(metric: str, *, app: str = "", of: Sequence[float] = (0.5, 0.9, 0.99), by: str = "") -> list[Query]:
    """Of a histogram, in each step of time."""
    labels = f"le, {by}" if by else "le"
    legend = f"p%g {{{{{by}}}}}" if by else "p%g"
    rate = f"sum by ({labels}) (rate({metric}_bucket{app}[$__rate_interval]))"
    return [Query(f"histogram_quantile({one:g}, {rate})", legend % (100 * one)) for one in of]
