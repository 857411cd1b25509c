import json
import math

import pytest

from proxy import pages
from tests.proxy.pages.samples import Shape, header, view, visit
from torpor.link import LAST_LINES, LONGEST_LINE, Policy
from torpor.words import Phase


def test_the_waiting_page_says_who_wakes_and_where_it_stands() -> None:
    answer = pages.waiting(view(stage="waiting for port 4123", usual_wake=9.0, waking_for=3.0), 1.0)
    assert answer.status == 503
    assert answer.app == "notes"
    assert header(answer, "Torpor-Phase") == "waking"
    assert b"<title>notes is waking up</title>" in answer.body
    assert b"waiting for port 4123" in answer.body
    assert b"3 s so far, usually 9 s" in answer.body
    assert b'value="0.333"' in answer.body


def test_a_visitor_is_told_to_come_back_when_the_wake_is_usually_done() -> None:
    assert header(pages.waiting(view(usual_wake=8.2, waking_for=2.0), 0), "Retry-After") == "7"
    assert header(pages.waiting(view(usual_wake=3.0, waking_for=9.0), 0), "Retry-After") == "1"
    assert header(pages.waiting(view(), 0), "Retry-After") == "2"


def test_an_app_without_a_history_has_a_bar_without_a_length() -> None:
    body = pages.waiting(view(), 4.0).body
    assert b"4 s so far</p>" in body
    assert b" value=" not in body


@pytest.mark.parametrize("usual", [math.inf, math.nan, 0.0, -1.0])
def test_a_usual_time_that_makes_no_sense_counts_as_unknown(usual: float) -> None:
    answer = pages.waiting(view(usual_wake=usual), 0)
    assert header(answer, "Retry-After") == "2"
    assert b" value=" not in answer.body
    assert json.loads(pages.progress(view(usual_wake=usual), "1").body)["usual_seconds"] is None


@pytest.mark.parametrize("waited", [8.0, 9.5, 30.0, 3000.0])
def test_the_bar_is_never_full_before_the_app_is_awake(waited: float) -> None:
    share = float(pages.waiting(view(usual_wake=9.0), waited).body.split(b' value="')[1].split(b'"')[0])
    assert 0.8 < share < 1


def test_without_scripts_the_waiting_page_asks_again_every_two_seconds() -> None:
    assert b'<noscript><meta http-equiv="refresh" content="2"></noscript>' in pages.waiting(view(usual_wake=60), 0).body


def test_a_failure_is_told_in_the_words_of_the_runtime() -> None:
    answer = pages.failed(visit(), view(phase=Phase.FAILED, reason="command not found: datasett", retry_in=11.2))
    assert answer.status == 502
    assert header(answer, "Torpor-Phase") == "failed"
    assert header(answer, "Retry-After") == "12"
    assert b"<title>notes could not wake up</title>" in answer.body
    assert "command not found: datasett" in Shape(answer).words
    assert "Its command cannot be run: check its name" in Shape(answer).words
    assert "The next try is in 12 s." in Shape(answer).words
    assert b'<noscript><meta http-equiv="refresh" content="12"></noscript>' in answer.body


def test_a_program_reads_the_reason_as_problem_json() -> None:
    answer = pages.failed(visit("application/json"), view(phase=Phase.FAILED, reason="x" * 900, retry_in=0))
    said = json.loads(answer.body)
    assert answer.status == 502
    assert len(said["reason"]) == 500
    assert said["reason"] in said["detail"]
    assert (said["phase"], said["retry_after"]) == ("failed", 1)


def test_progress_says_all_that_the_page_shows() -> None:
    answer = pages.progress(
        view(stage="starting", waking_for=1.5, usual_wake=4.0, reason="was idle", retry_in=2.0), "9-1"
    )
    assert answer.status == 200
    assert header(answer, "Torpor-Phase") == "waking"
    assert json.loads(answer.body) == {
        "phase": "waking",
        "stage": "starting",
        "waiting_seconds": 1.5,
        "usual_seconds": 4.0,
        "reason": "was idle",
        "lines": [],
        "todo": "If it stays like this, its log or the cluster's events may say more.",
        "retry_in": 2.0,
        "version": "9-1",
    }


def test_the_last_lines_are_shown_where_the_app_s_policy_says_so_and_nowhere_else() -> None:
    lines = ("<b>migrating</b> & more", "\x1b[31m" + "x" * 900, "two\nlines")
    assert json.loads(pages.progress(view(last_lines=lines), "1").body)["lines"] == []
    assert b"migrating" not in pages.waiting(view(last_lines=lines), 0).body
    told = view(last_lines=tuple(map(str, range(90))) + lines, policy=Policy(page_log=True))
    said = json.loads(pages.progress(told, "1").body)["lines"]
    assert len(said) == LAST_LINES
    assert said[-3] == "<b>migrating</b> & more"
    assert said[-2].startswith("\ufffd[31mxxx")
    assert len(said[-2]) == LONGEST_LINE
    assert said[-1] == "two lines"
    body = pages.waiting(told, 0).body.decode()
    assert "&lt;b&gt;migrating&lt;/b&gt; &amp; more" in body
    assert "<b>" not in body
    for phase in (Phase.WAKING, Phase.FAILED):
        page = Shape(pages.waiting(told, 0) if phase is Phase.WAKING else pages.failed(visit(), told))
        assert "<b>migrating</b> & more" in page.words


def test_progress_of_an_endless_back_off_is_still_json() -> None:
    said = json.loads(pages.progress(view(phase=Phase.FAILED, retry_in=math.inf, waking_for=math.nan), "1").body)
    assert (said["retry_in"], said["waiting_seconds"]) == (86400, 0)
