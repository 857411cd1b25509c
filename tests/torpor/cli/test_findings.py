"""How findings are told."""

import json

import pytest

from torpor.cli.failure import Failed
from torpor.cli.findings import Finding, Grade, Report, count, some

RULE = "Paste this:\nspec:\n  a: \x1b[31m"


def test_findings_stand_under_their_topic_with_their_fix(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(as_json=False)
    report.tell([Finding(Grade.OK, "all is well"), Finding(Grade.NOTE, "two", topic="Apps", about=("b", "c"))])
    report.tell([Finding(Grade.WRONG, "three", RULE, "Apps")])
    with pytest.raises(Failed, match="1 thing is wrong"):
        report.end()
    assert capsys.readouterr().out.splitlines() == [
        "ok     all is well",
        "",
        "Apps",
        "note   b, c: two",
        "wrong  three",
        "       → Paste this:",
        "         spec:",
        "           a: \\x1b[31m",
    ]


def test_programs_get_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(as_json=True)
    report.tell([Finding(Grade.WRONG, "three", RULE, "Apps", ("x",)), Finding(Grade.WRONG, "four")])
    with pytest.raises(Failed, match="2 things are wrong"):
        report.end()
    said = json.loads(capsys.readouterr().out)
    assert said["wrong"] == 2
    assert said["findings"][0] == {"grade": "wrong", "topic": "Apps", "text": "three", "fix": RULE, "about": ["x"]}


def test_one_is_told_as_one() -> None:
    assert [count(number, "app") for number in (0, 1, 2)] == ["0 apps", "1 app", "2 apps"]
    assert count(2, "proxy", "proxies") == "2 proxies"


def test_many_names_are_the_first_and_how_many_more() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some([str(number) for number in range(7)]) == "0, 1, 2, 3, 4 and 2 more"
