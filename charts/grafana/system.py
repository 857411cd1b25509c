"""Torpor itself: who leads, which proxies are there, how full they are, and what the cluster's API server is asked."""

from charts.grafana.board import Board, Query
from charts.grafana.panels import bars, lines, number, quantiles

_SCALERS = "and on (instance, job) torpor_leader"
"""Of all processes that Prometheus knows only ours."""

SYSTEM = Board(
    "torpor-system",
    "Torpor: the system",
    "Who leads, which proxies are there, how full they are, and what the cluster's API server is asked.",
    [
        number("Leaders", "Scalers that act: one, or none while another takes over.", "sum(torpor_leader)"),
        number("Proxies", "Proxies that are linked to the scaler.", "sum(torpor_proxies_connected)"),
        number("Out of reach", "Proxies whose link has broken.", "sum(torpor_proxies_out_of_reach)"),
        number(
            *("Lost proxies", "Gone without a goodbye, over the time that is shown."),
            "sum(increase(torpor_proxies_lost_total[$__range]))",
            at_end=True,
            decimals=0,
        ),
        number("Apps", "Apps that Torpor looks after.", "count(sum by (app) (torpor_app_phase))"),
        number("Held", "Visits that wait for an app just now.", "sum(torpor_held_requests)"),
        lines("Leader", "1 for the scaler that leads.", Query("torpor_leader", "{{instance}}")),
        lines(
            *("Proxies", "Linked, and out of reach."),
            Query("sum(torpor_proxies_connected)", "linked"),
            Query("sum(torpor_proxies_out_of_reach)", "out of reach"),
        ),
        lines(
            *("Silence on the link", "Since a proxy's last word: about a second at most. After ten it is given up."),
            Query("max by (proxy) (torpor_proxy_silence_seconds)", "{{proxy}}"),
            unit="s",
        ),
        lines(
            *("Messages on the link", "Up and down, by kind, over all proxies."),
            Query("sum by (kind) (rate(torpor_link_messages_total[$__rate_interval]))", "{{kind}}"),
            unit="mps",
        ),
        lines(
            *("Visitors' connections", "Open in each proxy."),
            Query("max by (proxy) (torpor_proxy_connections)", "{{proxy}}"),
        ),
        lines(
            *("Room for connections", "Part of the connections that a proxy may have that are open."),
            Query("max by (proxy) (torpor_proxy_connections / torpor_proxy_connections_limit)", "{{proxy}}"),
            unit="percentunit",
        ),
        lines(
            *("HAProxy: busy", "Part of its time in which it has work."),
            Query("max by (proxy) (torpor_proxy_engine_busy_ratio)", "{{proxy}}"),
            unit="percentunit",
        ),
        lines(
            *("HAProxy: processes", "More than one while visits of a process that was replaced go on."),
            Query("max by (proxy) (torpor_proxy_engine_processes)", "{{proxy}}"),
        ),
        lines(
            *("Visits by lane", "Fast is without a question; doorman is answered by Torpor; held has waited."),
            Query("sum by (lane) (rate(torpor_requests_total[$__rate_interval]))", "{{lane}}"),
            unit="reqps",
        ),
        lines(
            *("API server: calls", "What the scalers ask of the cluster."),
            Query("sum by (verb) (rate(torpor_kubernetes_requests_total[$__rate_interval]))", "{{verb}}"),
            unit="reqps",
        ),
        bars(
            *("API server: answers", "None is no answer: not reached, too late, or given up."),
            Query("sum by (answer) (increase(torpor_kubernetes_requests_total[$__rate_interval]))", "{{answer}}"),
        ),
        lines(
            *("API server: time to answer", "Until the answer begins."),
            *quantiles("torpor_kubernetes_request_seconds", of=(0.5, 0.99), by="verb"),
            unit="s",
        ),
        lines(
            *("Scalers: CPU", "Cores."),
            Query(f"rate(process_cpu_seconds_total[$__rate_interval]) {_SCALERS}", "{{instance}}"),
        ),
        lines(
            *("Scalers: memory", "Resident."),
            Query(f"process_resident_memory_bytes {_SCALERS}", "{{instance}}"),
            unit="bytes",
        ),
        lines(
            *("Scalers: time to scrape", "How long a scrape of the metrics takes."),
            Query(f"scrape_duration_seconds {_SCALERS}", "{{instance}}"),
            unit="s",
        ),
    ],
)
