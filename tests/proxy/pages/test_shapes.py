import base64
import hashlib
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import pages
from proxy.visit import Answer
from tests.proxy.pages.samples import HOSTILE, Shape, header, view, visit

type Make = Callable[[str], Answer]

PAGES: dict[str, Make] = {
    "waiting": lambda words: pages.waiting(view(id=words, stage=words), 1),
    "failed": lambda words: pages.failed(visit(), view(id=words, reason=words)),
    "timed_out": lambda words: pages.timed_out(visit(), view(id=words, stage=words), 60),
    "full": lambda words: pages.full(visit(), view(id=words)),
    "unknown_host": lambda words: pages.unknown_host(visit(host=words, path=words)),
    "broken": lambda words: pages.broken(visit(), view(id=words), words),
    "no_link": lambda words: pages.no_link(visit(), view(id=words)),
    "draining": lambda words: pages.draining(visit(host=words)),
}
PROBLEMS: dict[str, Make] = {
    "failed": lambda words: pages.failed(visit("*/*"), view(id=words, reason=words)),
    "timed_out": lambda words: pages.timed_out(visit("*/*"), view(id=words, stage=words), 60),
    "asleep": lambda words: pages.asleep(visit("application/json"), view(id=words), 503),
    "full": lambda words: pages.full(visit("*/*"), view(id=words)),
    "unknown_host": lambda words: pages.unknown_host(visit("*/*", host=words)),
    "broken": lambda words: pages.broken(visit("*/*"), view(id=words), words),
    "no_link": lambda words: pages.no_link(visit("*/*"), view(id=words)),
    "draining": lambda words: pages.draining(visit("*/*")),
    "refused": lambda words: pages.refused(400, words),
}
OTHERS: dict[str, Make] = {
    "asleep": lambda words: pages.asleep(visit(), view(id=words), 503),
    "asleep, 200": lambda words: pages.asleep(visit(), view(id=words), 200),
    "progress": lambda words: pages.progress(view(id=words, stage=words, reason=words), "7"),
}
ALL = [*PAGES.values(), *PROBLEMS.values(), *OTHERS.values()]
on_each_page = pytest.mark.parametrize("make", PAGES.values(), ids=PAGES)
words = st.text(max_size=700)


@pytest.mark.parametrize("make", ALL)
def test_no_answer_of_ours_is_ever_stored_or_guessed_at(make: Make) -> None:
    answer = make("notes")
    assert header(answer, "Cache-Control") == "no-store"
    assert header(answer, "X-Content-Type-Options") == "nosniff"
    assert header(answer, "Content-Type")
    assert header(answer, "Content-Length") is None


@pytest.mark.parametrize("make", ALL)
def test_headers_carry_nothing_from_outside(make: Make) -> None:
    assert make(HOSTILE + "\r\nSet-Cookie: a=b").headers == make("notes").headers


@on_each_page
def test_a_page_is_small_and_needs_nothing_from_elsewhere(make: Make) -> None:
    answer = make("notes")
    assert header(answer, "Content-Type") == "text/html; charset=utf-8"
    assert len(answer.body) < 10 * 1024
    assert b"://" not in answer.body
    assert not re.search(rb"""(src|href)="(?!data:,|")""", answer.body)


@on_each_page
def test_a_page_allows_its_own_style_and_script_and_nothing_else(make: Make) -> None:
    assert own_rules(make("notes"))


@on_each_page
def test_hostile_words_change_nothing_but_the_text(make: Make) -> None:
    assert Shape(make(HOSTILE)).elements == Shape(make("notes")).elements


@pytest.mark.parametrize("make", [PAGES["waiting"], PAGES["failed"], PAGES["broken"]])
def test_words_are_shown_as_they_are(make: Make) -> None:
    assert """</script><script>alert(1)</script><img src=x onerror=alert(2)>"'`{{7*7}}""" in Shape(make(HOSTILE)).words


@pytest.mark.parametrize("make", PROBLEMS.values(), ids=PROBLEMS)
def test_a_problem_says_what_happened_in_one_shape(make: Make) -> None:
    answer = make("notes")
    said = json.loads(answer.body)
    assert header(answer, "Content-Type") == "application/problem+json"
    assert said["status"] == answer.status
    assert said["type"] == "about:blank"
    assert said["title"]
    assert said["detail"]
    if (retry := header(answer, "Retry-After")) is not None:
        assert said["retry_after"] == int(retry)
    if (phase := header(answer, "Torpor-Phase")) is not None:
        assert (said["app"], said["phase"]) == ("notes", phase)


@given(words)
def test_any_words_make_the_same_page(text: str) -> None:
    for make in (PAGES["waiting"], PAGES["failed"], PAGES["broken"], PAGES["unknown_host"]):
        assert Shape(make(text or "x")).elements == Shape(make("x")).elements


@given(words)
def test_any_words_make_json_that_can_be_read(text: str) -> None:
    for make in (*PROBLEMS.values(), OTHERS["progress"]):
        json.loads(make(text).body.decode())


def own_rules(answer: Answer) -> bool:
    """Whether the page's own style and script are all that it may have."""
    rules = dict(rule.strip().split(" ", 1) for rule in (header(answer, "Content-Security-Policy") or "").split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["style-src"] == _hash(answer, b"style")
    if b"<script" not in answer.body:
        return "script-src" not in rules
    return (rules["script-src"], rules["connect-src"]) == (_hash(answer, b"script"), "'self'")


def _hash(answer: Answer, tag: bytes) -> str:
    inside = answer.body.split(b"<" + tag + b">")[1].split(b"</" + tag + b">")[0]
    return f"'sha256-{base64.b64encode(hashlib.sha256(inside).digest()).decode()}'"
