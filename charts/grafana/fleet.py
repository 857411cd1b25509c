"""All apps: who sleeps, who is woken, who waits, and what that saves."""

from charts.grafana.board import Board, Query, textbox
from charts.grafana.panels import areas, bars, lines, number, quantiles, table

_CPU, _MEMORY = "torpor_saved_cpu_core_seconds_total", "torpor_saved_memory_byte_seconds_total"
_PRICES = (
    textbox("cpu_price", "Price of a core for an hour", "0.03"),
    textbox("memory_price", "Price of a GiB for an hour", "0.004"),
)


def _money(how: str, over: str, per: str) -> str:
    cpu, memory = (f"sum({how}({metric}[{over}]))" for metric in (_CPU, _MEMORY))
    return f"({cpu} * $cpu_price + {memory} / 2^30 * $memory_price){per}"


def _by_team(metric: str) -> str:
    """Whose an app is, is a label of one metric alone; of that one while scalers or teams change."""
    team = 'label_replace(torpor_app_info, "team", "no team", "team", "")'
    rate = f"sum by (app) (rate({metric}[$__rate_interval]))"
    return f"sum by (team) ({rate} * on (app) group_left (team) topk by (app) (1, {team}))"


def _phase(phase: str) -> str:
    return f'sum(torpor_app_phase{{phase="{phase}"}})'


FLEET = Board(
    "torpor-fleet",
    "Torpor: all apps",
    "Who sleeps, who is woken, who waits, and what that saves.",
    [
        number("Asleep", "Apps that sleep now.", _phase("asleep")),
        number("Awake", "Apps that are awake now.", _phase("awake")),
        number("Failed", "Apps that could not be woken, and that nobody has tried again.", _phase("failed")),
        number("Held", "Visits that wait for an app just now.", "sum(torpor_held_requests)"),
        number(
            *("Saved cores", "CPU that sleeping apps have asked for and that is free now."),
            f"sum(rate({_CPU}[$__rate_interval]))",
            decimals=2,
        ),
        number(
            *("Saved money", "Over the time that is shown, at the prices above."),
            _money("increase", "$__range", " / 3600"),
            at_end=True,
            decimals=2,
        ),
        areas(
            *("Apps by phase", "How many apps are in each phase."),
            Query("sum by (phase) (torpor_app_phase)", "{{phase}}"),
            width=16,
        ),
        table(
            *("Saved most", "Core hours over the time that is shown, by app."),
            f"topk(10, sum by (app) (increase({_CPU}[$__range])) / 3600)",
            unit="short",
            value="Core hours",
        ),
        bars(
            *("Wakes", "Wakes that have ended, by how."),
            Query("sum by (outcome) (increase(torpor_wakes_total[$__rate_interval]))", "{{outcome}}"),
        ),
        bars(
            *("Causes", "What wakes apps: visits, operators, other apps."),
            Query("sum by (cause) (increase(torpor_wakes_total[$__rate_interval]))", "{{cause}}"),
        ),
        bars(
            *("Sleeps", "Sleeps by reason, and those that a visit called off."),
            Query("sum by (reason) (increase(torpor_sleeps_total[$__rate_interval]))", "{{reason}}"),
            Query("sum(increase(torpor_sleep_aborts_total[$__rate_interval]))", "called off"),
        ),
        areas(
            *("Held visits", "Visits that wait, of the apps that most wait for."),
            Query("topk(10, sum by (app) (torpor_held_requests))", "{{app}}"),
        ),
        lines(
            *("Hold time", "How long held visits have waited."),
            *quantiles("torpor_hold_seconds"),
            unit="s",
        ),
        lines(
            *("Visits", "Visits by what became of them."),
            Query("sum by (outcome) (rate(torpor_requests_total[$__rate_interval]))", "{{outcome}}"),
            unit="reqps",
        ),
        lines(
            *("Saved cores", "CPU requests of apps while they sleep."),
            Query(f"sum(rate({_CPU}[$__rate_interval]))", "cores"),
        ),
        lines(
            *("Saved memory", "Memory requests of apps while they sleep."),
            Query(f"sum(rate({_MEMORY}[$__rate_interval]))", "memory"),
            unit="bytes",
        ),
        lines(
            *("Saved money per hour", "At the prices above, whatever their currency."),
            Query(_money("rate", "$__rate_interval", ""), "money"),
        ),
        areas(
            *("Saved cores by team", "CPU requests of apps while they sleep, by whose they are."),
            Query(_by_team(_CPU), "{{team}}"),
        ),
        areas(
            *("Saved memory by team", "Memory requests of apps while they sleep, by whose they are."),
            Query(_by_team(_MEMORY), "{{team}}"),
            unit="bytes",
        ),
        lines(
            *("Shadow mode: would sleep", "How many of the apps in shadow mode would sleep, on average."),
            Query("sum(rate(torpor_shadow_asleep_seconds_total[$__rate_interval]))", "apps"),
        ),
        bars(
            *("Shadow mode: sleeps", "How often they would have gone to sleep."),
            Query("sum(increase(torpor_shadow_sleeps_total[$__rate_interval]))", "sleeps"),
        ),
        lines(
            *("Shadow mode: cores", "CPU that their sleep would save."),
            Query("sum(rate(torpor_shadow_saved_cpu_core_seconds_total[$__rate_interval]))", "cores"),
        ),
        lines(
            *("Shadow mode: memory", "Memory that their sleep would save."),
            Query("sum(rate(torpor_shadow_saved_memory_byte_seconds_total[$__rate_interval]))", "memory"),
            unit="bytes",
        ),
    ],
    _PRICES,
)
