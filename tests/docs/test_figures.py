"""Numbers in the docs are those of the code, and those of one page those of the other."""

import re

import pytest

from proxy import seeking
from proxy.doorman import KNOCK_AGAIN
from proxy.haproxy.engine import ENDING, ORPHAN
from scaler import draining, lifecycle, link_server, reverts
from scaler.api import events
from scaler.api import logs as reading
from scaler.logs import logs
from scaler.runtimes.kubernetes import rousing
from scaler.runtimes.kubernetes.api import reviews
from scaler.runtimes.kubernetes.discovery import ingresses
from scaler.runtimes.kubernetes.objects import annotations
from tests.docs.pages import text
from torpor import link
from torpor.cli.commands.proxy import SUPERVISED_ORPHAN

HOW, OPERATIONS = "docs/how-it-works.md", "docs/operations.md"
SAID = {
    HOW: (
        f"| {link.HEARTBEAT:g} s without a word |",
        f"| {link.SILENCE:g} s in which a proxy hears nothing |",
        f"| {link.LEASE:g} s in which the scaler hears nothing |",
        f"forgotten after {ORPHAN + ENDING:g} s ({SUPERVISED_ORPHAN + ENDING:g} s under `torpor up`)",
        f"does not answer within {draining.DRAIN_TIMEOUT:g} s keeps",
    ),
    OPERATIONS: (
        f"| proxies linked to one scaler | {link_server.MAX_PROXIES:,} |",
        f"| routes of one Ingress or HTTPRoute | {ingresses.MOST_ROUTES:,} |",
        f"| hosts in one `torpor.dev/hosts` | {annotations.MOST_HOSTS} |",
        f"| {logs.MOST_READERS}, and {reading.AT_ONCE} without `-f`, while {reading.WAITING} wait |",
        f"| listeners to events at once | {events.MAX_LISTENERS} |",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_numbers_are_those_of_the_code(name: str) -> None:
    assert [sentence for sentence in SAID[name] if sentence not in text(name)] == []


def test_what_is_said_in_words_is_so_too() -> None:
    assert (KNOCK_AGAIN, lifecycle.STEADY, lifecycle.FLAPS, lifecycle.LONGEST_BACK_OFF) == (1, 5, 3, 60)
    assert (reverts.ENOUGH, reverts.FIRST_PAUSE, rousing.WORD) == (3, 300, 120)
    assert (reviews.KNOWN, reviews.AT_ONCE, link.LEASE, seeking.BACK_OFF[1]) == (60, 4, 10, 1)


def test_the_figures_of_capacity_are_those_that_were_measured() -> None:
    section = text(OPERATIONS).split("## Capacity")[1].split("\n- ")[0]
    figures = [row.split("|")[2] for row in section.splitlines() if re.match(r"\| [a-z]", row) and "figure" not in row]
    measured = text("docs/performance.md") + text("docs/soak.md")
    numbers = {one for figure in figures for one in re.findall(r"\d[\d.,]*\d", figure)} - {"2 s"}
    assert len(numbers) > 15
    assert {one for one in numbers if not re.search(rf"(?<![\d.,]){re.escape(one)}(?![\d]|[.,]\d)", measured)} == set()


def test_the_series_of_an_app_are_as_many_as_the_page_on_metrics_says() -> None:
    told = re.search(r"to which everything has happened \| (\d+) \|", text("docs/metrics.md"))
    assert told is not None
    assert f"| series of metrics for an app | [{told[1]}]" in text(OPERATIONS)
