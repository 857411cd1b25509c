"""The metrics by name: type, labels, help, and the few values that a label can have.

Label values come from fixed sets, and whatever else arrives counts as `other`: nobody outside can make a series.
"""

from typing import NamedTuple

OTHER = "other"
LANES = ("fast", "doorman", "held", OTHER)
"""Straight through; answered at once by Torpor itself; held first."""
REQUEST_OUTCOMES = ("forwarded", "asleep", "page", "failed", "refused", "gone", "unknown", OTHER)
CAUSES = ("visit", "operator", "needed", "restart", "scaled", OTHER)
WAKE_OUTCOMES = ("ready", "failed", "timeout", OTHER)
SLEEP_REASONS = ("idle", "operator", "lost", "scaled", "failed", OTHER)


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
PROXIES = Described("torpor_proxies_connected", "gauge", (), "Proxies with a live link to this scaler.")
LEADER = Described("torpor_leader", "gauge", (), "1 when this scaler is the one that acts, else 0.")

ALL = (
    *(REQUESTS, HELD, HOLD, WAKE, WAKES, SLEEPS, ABORTS),
    *(PHASE, ACCESS, IN_FLIGHT, ASLEEP, SAVED_CPU, SAVED_MEMORY, PROXIES, LEADER),
)
