"""The metrics by name: type, labels, help, and the few values that a label can have.

Label values come from fixed sets, and whatever else arrives counts as `other`: nobody outside can make a series.
"""

from typing import NamedTuple

from scaler import stage

OTHER = "other"
LANES = ("fast", "doorman", "held", OTHER)
"""Straight through; answered at once by Torpor itself; held first."""
REQUEST_OUTCOMES = ("forwarded", "asleep", "page", "failed", "refused", "gone", "unknown", OTHER)
CAUSES = ("visit", "operator", "needed", "restart", "scaled", OTHER)
USUAL_OUTCOMES = ("ready", "failed", "timeout")
WAKE_OUTCOMES = (*USUAL_OUTCOMES, OTHER)
SLEEP_REASONS = ("idle", "operator", "lost", "scaled", "failed", OTHER)
STAGES = stage.KINDS
MESSAGES = (
    *("hello", "activity", "knock", "down", "drained", "bye"),
    *("snapshot", "changed", "removed", "beat", OTHER),
)
"""What is said over the link, up and down."""
VERBS = ("get", "watch", "post", "put", "patch", "delete", OTHER)
ANSWERS = ("ok", "denied", "missing", "conflict", "throttled", "none", OTHER)
"""What the API server of a cluster said: 2xx; 401 and 403; 404 and 410; 409; 429; nothing, or too late."""


class Described(NamedTuple):
    """One metric as it is scraped and as the README has to document it."""

    name: str
    type: str
    labels: tuple[str, ...]
    help: str


REQUESTS = Described(
    "torpor_requests_total",
    "counter",
    ("app", "lane", "outcome"),
    "Visits, by what became of them; app is empty where no route led. "
    f"Lane: {', '.join(LANES)}. Outcome: {', '.join(REQUEST_OUTCOMES)}.",
)
HELD = Described("torpor_held_requests", "gauge", ("app",), "Visits that wait for the app to wake.")
HOLD = Described("torpor_hold_seconds", "histogram", (), "How long held visits have waited.")
WAKE = Described("torpor_wake_seconds", "histogram", ("app",), "How long wakes took that ended in awake.")
APP_HOLD = Described(
    "torpor_app_hold_seconds", "histogram", ("app",), "How long held visits have waited for the app; in wider steps."
)
STAGE = Described(
    "torpor_wake_stage_seconds_total",
    "counter",
    ("app", "stage"),
    f"Time that wakes which ended in awake have spent in each stage. Stage: {', '.join(STAGES)}.",
)
WAKES = Described(
    "torpor_wakes_total",
    "counter",
    ("app", "cause", "outcome"),
    f"Wakes that have ended. Cause: {', '.join(CAUSES)}. Outcome: {', '.join(WAKE_OUTCOMES)}.",
)
SLEEPS = Described(
    "torpor_sleeps_total",
    "counter",
    ("app", "reason"),
    f"Times the app went to sleep. Reason: {', '.join(SLEEP_REASONS)}.",
)
ABORTS = Described("torpor_sleep_aborts_total", "counter", ("app",), "Sleeps called off, mostly by a visit.")
PHASE = Described("torpor_app_phase", "gauge", ("app", "phase"), "1 for the phase that the app is in, else 0.")
ACCESS = Described(
    "torpor_app_last_access_timestamp_seconds", "gauge", ("app",), "Unix time of the last visit that counts."
)
IN_FLIGHT = Described("torpor_app_in_flight", "gauge", ("app",), "Visits forwarded and not yet answered in full.")
ASLEEP = Described("torpor_app_asleep_seconds_total", "counter", ("app",), "Time the app has spent asleep.")
SAVED_CPU = Described(
    "torpor_saved_cpu_core_seconds_total",
    "counter",
    ("app",),
    "CPU that nobody kept free while the app slept: seconds asleep times the cores that its replicas request.",
)
SAVED_MEMORY = Described(
    "torpor_saved_memory_byte_seconds_total",
    "counter",
    ("app",),
    "Memory that nobody kept free while the app slept: seconds asleep times the bytes that its replicas request.",
)
SHADOW_SLEEPS = Described(
    "torpor_shadow_sleeps_total", "counter", ("app",), "Times an app in shadow mode would have gone to sleep."
)
SHADOW_ASLEEP = Described(
    "torpor_shadow_asleep_seconds_total", "counter", ("app",), "Time that an app in shadow mode would have slept."
)
SHADOW_CPU = Described(
    "torpor_shadow_saved_cpu_core_seconds_total",
    "counter",
    ("app",),
    "CPU that an app in shadow mode would have saved, as `torpor_saved_cpu_core_seconds_total`.",
)
SHADOW_MEMORY = Described(
    "torpor_shadow_saved_memory_byte_seconds_total",
    "counter",
    ("app",),
    "Memory that an app in shadow mode would have saved, as `torpor_saved_memory_byte_seconds_total`.",
)
INFO = Described(
    "torpor_app_info", "gauge", ("app", "team", "mode"), "1; the app's team, for sums, and its mode: sleep, shadow."
)
PROXIES = Described("torpor_proxies_connected", "gauge", (), "Proxies with a live link to this scaler.")
LEADER = Described("torpor_leader", "gauge", (), "1 when this scaler is the one that acts, else 0.")
LOST = Described(
    "torpor_proxies_lost_total", "counter", (), "Proxies that have gone without a goodbye and have not come back."
)
OUT_OF_REACH = Described(
    "torpor_proxies_out_of_reach", "gauge", (), "Proxies whose link has broken, and that may come back."
)
SILENCE = Described("torpor_proxy_silence_seconds", "gauge", ("proxy",), "Time since the proxy's last word.")
CONNECTIONS = Described(
    "torpor_proxy_connections", "gauge", ("proxy",), "Connections that the proxy's engine has open with visitors."
)
CONNECTIONS_LIMIT = Described(
    "torpor_proxy_connections_limit", "gauge", ("proxy",), "Those that it may have; others are turned away."
)
ENGINE_BUSY = Described(
    "torpor_proxy_engine_busy_ratio", "gauge", ("proxy",), "Part of its time in which HAProxy has had work, 0 to 1."
)
ENGINE_PROCESSES = Described(
    "torpor_proxy_engine_processes",
    "gauge",
    ("proxy",),
    "HAProxy's processes: one, and those replaced that still serve.",
)
LINK_MESSAGES = Described(
    "torpor_link_messages_total", "counter", ("kind",), f"Messages on all links. Kind: {', '.join(MESSAGES)}."
)
API_CALLS = Described(
    "torpor_kubernetes_requests_total",
    "counter",
    ("verb", "answer"),
    f"Requests for the cluster's API server. Verb: {', '.join(VERBS)}. Answer: {', '.join(ANSWERS)}.",
)
API_SECONDS = Described(
    "torpor_kubernetes_request_seconds",
    "histogram",
    ("verb",),
    "Time until the cluster's API server began to answer.",
)

ALL = (
    *(REQUESTS, HELD, HOLD, APP_HOLD, WAKE, STAGE, WAKES, SLEEPS, ABORTS),
    *(PHASE, ACCESS, IN_FLIGHT, ASLEEP, SAVED_CPU, SAVED_MEMORY),
    *(SHADOW_SLEEPS, SHADOW_ASLEEP, SHADOW_CPU, SHADOW_MEMORY, INFO, PROXIES, LEADER),
    *(LOST, OUT_OF_REACH, SILENCE, CONNECTIONS, CONNECTIONS_LIMIT, ENGINE_BUSY, ENGINE_PROCESSES),
    *(LINK_MESSAGES, API_CALLS, API_SECONDS),
)
