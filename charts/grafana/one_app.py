"""One app: when it slept and why it woke, how long people waited, and what a wake waits for."""

from charts.grafana.board import APP, Board, Query
from charts.grafana.panels import PHASES, areas, bars, heat, lines, number, quantiles, ranks, timeline

_THIS = '{app="$app"}'
_TIMELINE = " + ".join(
    f'{value} * sum(torpor_app_phase{{app="$app", phase="{phase}"}})' for value, phase in enumerate(PHASES)
)
_PER_WAKE = (
    f"sum by (stage) (increase(torpor_wake_stage_seconds_total{_THIS}[%s]))"
    f" / ignoring (stage) group_left () sum(increase(torpor_wake_seconds_count{_THIS}[%s]))"
)

ONE_APP = Board(
    "torpor-app",
    "Torpor: one app",
    "When it slept and why it woke, how long people waited, and what a wake waits for.",
    [
        timeline("Timeline", "The phase over time.", _TIMELINE),
        bars(
            *("Wake causes", "What has woken it."),
            Query(f"sum by (cause) (increase(torpor_wakes_total{_THIS}[$__rate_interval]))", "{{cause}}"),
        ),
        bars(
            *("Wakes", "How its wakes have ended."),
            Query(f"sum by (outcome) (increase(torpor_wakes_total{_THIS}[$__rate_interval]))", "{{outcome}}"),
        ),
        bars(
            *("Sleeps", "Why it went to sleep, and sleeps that a visit called off."),
            Query(f"sum by (reason) (increase(torpor_sleeps_total{_THIS}[$__rate_interval]))", "{{reason}}"),
            Query(f"sum(increase(torpor_sleep_aborts_total{_THIS}[$__rate_interval]))", "called off"),
        ),
        heat(
            *("Hold time", "How long held visits have waited for it."),
            f"sum by (le) (increase(torpor_app_hold_seconds_bucket{_THIS}[$__rate_interval]))",
        ),
        ranks(
            *("Time to ready by stage", "What a wake has waited for, on average over the time that is shown."),
            _PER_WAKE % ("$__range", "$__range"),
            "{{stage}}",
            unit="s",
            width=12,
        ),
        areas(
            *("Time to ready by stage", "The same over time."),
            Query(_PER_WAKE % ("$__rate_interval", "$__rate_interval"), "{{stage}}"),
            unit="s",
        ),
        lines(
            *("Time to ready", "How long its wakes have taken."),
            *quantiles("torpor_wake_seconds", app=_THIS, of=(0.5, 0.9)),
            unit="s",
        ),
        lines(
            *("Visits", "Visits by lane and by what became of them."),
            Query(
                f"sum by (lane, outcome) (rate(torpor_requests_total{_THIS}[$__rate_interval]))", "{{lane}} {{outcome}}"
            ),
            unit="reqps",
        ),
        lines(
            *("In flight and held", "Visits that are being answered, and those that wait."),
            Query(f"sum(torpor_app_in_flight{_THIS})", "in flight"),
            Query(f"sum(torpor_held_requests{_THIS})", "held"),
        ),
        lines(
            *("Saved cores", "Its CPU requests while it sleeps."),
            Query(f"sum(rate(torpor_saved_cpu_core_seconds_total{_THIS}[$__rate_interval]))", "cores"),
        ),
        lines(
            *("Saved memory", "Its memory requests while it sleeps."),
            Query(f"sum(rate(torpor_saved_memory_byte_seconds_total{_THIS}[$__rate_interval]))", "memory"),
            unit="bytes",
        ),
        number(
            *("Asleep", "Part of the time that is shown."),
            f"sum(increase(torpor_app_asleep_seconds_total{_THIS}[$__range])) / $__range_s",
            unit="percentunit",
            at_end=True,
        ),
        number(
            *("Last used", "Since the last visit that counts."),
            f"time() - max(torpor_app_last_access_timestamp_seconds{_THIS})",
            unit="s",
        ),
    ],
    (APP,),
)
