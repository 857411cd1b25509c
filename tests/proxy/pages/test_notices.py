import json

from proxy import pages
from proxy.visit import Answer
from tests.proxy.pages.samples import Shape, header, view, visit
from torpor.words import Phase

PROGRAM = "application/json"


def _detail(answer: Answer) -> str:
    detail = json.loads(answer.body)["detail"]
    assert isinstance(detail, str)
    return detail


def test_a_program_that_was_held_as_long_as_allowed_learns_the_stage_and_when_to_come_back() -> None:
    answer = pages.timed_out(visit(PROGRAM), view(stage="waiting for database", usual_wake=90, waking_for=60.0), 60.0)
    assert answer.status == 503
    assert header(answer, "Torpor-Phase") == "waking"
    assert header(answer, "Retry-After") == "30"
    assert "not ready after 60 s; it is at: waiting for database." in _detail(answer)
    assert json.loads(answer.body)["stage"] == "waiting for database"


def test_a_person_who_was_held_as_long_as_allowed_gets_a_page() -> None:
    answer = pages.timed_out(visit(), view(stage=""), 60.0)
    assert header(answer, "Retry-After") == "2"
    assert "not ready after 60 s." in Shape(answer).words
    assert ("a", ("class", "href")) in Shape(answer).elements


def test_a_crawler_is_told_asleep_and_to_stay_away_for_an_hour() -> None:
    answer = pages.asleep(visit(), view(phase=Phase.ASLEEP), 503)
    assert answer.status == 503
    assert header(answer, "Torpor-Phase") == "asleep"
    assert header(answer, "Retry-After") == "3600"
    assert header(answer, "Content-Type") == "text/plain; charset=utf-8"
    assert answer.body.startswith(b"notes is asleep")
    assert len(answer.body) < 200


def test_a_monitor_may_be_told_that_all_is_well() -> None:
    answer = pages.asleep(visit(PROGRAM), view(phase=Phase.ASLEEP), 200)
    assert answer.status == 200
    assert header(answer, "Retry-After") is None
    assert header(answer, "Torpor-Phase") == "asleep"
    assert header(answer, "Content-Type") == "text/plain; charset=utf-8"


def test_a_monitor_that_reads_json_gets_a_problem() -> None:
    answer = pages.asleep(visit(PROGRAM), view(phase=Phase.ASLEEP), 503)
    assert json.loads(answer.body)["phase"] == "asleep"


def test_too_many_held_are_refused_at_once() -> None:
    answer = pages.full(visit(PROGRAM), view())
    assert (answer.status, header(answer, "Retry-After")) == (503, "5")
    assert header(answer, "Torpor-Phase") == "waking"
    assert "more visits wait" in _detail(answer)


def test_an_unknown_host_is_named_and_no_other() -> None:
    answer = pages.unknown_host(visit(PROGRAM, host="elsewhere.localhost"))
    assert answer.status == 404
    assert answer.app is None
    assert header(answer, "Torpor-Phase") is None
    assert header(answer, "Retry-After") is None
    assert "No app is known under elsewhere.localhost" in _detail(answer)
    assert "names no host" in _detail(pages.unknown_host(visit(PROGRAM, host="")))


def test_an_app_that_broke_off_is_told_apart_from_one_that_could_not_wake() -> None:
    answer = pages.broken(visit(PROGRAM), view(phase=Phase.AWAKE), "connection reset by peer")
    assert answer.status == 502
    assert header(answer, "Torpor-Phase") == "awake"
    assert "connection reset by peer. Try again" in _detail(answer)
    assert "connection reset by peer" in Shape(pages.broken(visit(), view(), "connection reset by peer")).words


def test_a_failure_without_an_app_has_no_phase() -> None:
    answer = pages.broken(visit(), None, "")
    assert answer.status == 502
    assert answer.app is None
    assert header(answer, "Torpor-Phase") is None
    assert "pre" not in [tag for tag, _ in Shape(answer).elements]


def test_a_lost_scaler_is_not_blamed_on_the_app() -> None:
    answer = pages.no_link(visit(PROGRAM), view(phase=Phase.AWAKE))
    assert (answer.status, header(answer, "Retry-After"), header(answer, "Torpor-Phase")) == (503, "5", "awake")
    assert "scaler" in _detail(answer)


def test_a_proxy_that_stops_sends_visitors_to_the_next_one_soon() -> None:
    answer = pages.draining(visit(PROGRAM))
    assert (answer.status, header(answer, "Retry-After"), answer.app) == (503, "1", None)


def test_a_request_that_is_none_is_refused_with_the_rule_it_broke() -> None:
    answer = pages.refused(400, "two Host headers; send one")
    assert answer.status == 400
    assert _detail(answer) == "two Host headers; send one"
    assert header(answer, "Content-Type") == "application/problem+json"
