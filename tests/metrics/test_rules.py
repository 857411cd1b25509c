"""The alerts: promtool finds nothing wrong with them, and each is known to fire and not to."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.metrics.queries import RULES, alerts

CASES = Path(__file__).with_name("rules.yaml")


def test_promtool_finds_nothing_wrong() -> None:
    done = promtool("check", "rules", "--lint=all", "--lint-fatal", *map(str, RULES))
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    for file in (CASES, *RULES):
        shutil.copy(file, tmp_path)
    done = promtool("test", "rules", str(tmp_path / CASES.name))
    assert done.returncode == 0, done.stdout + done.stderr


def test_of_each_both_are_tried() -> None:
    cases: list[dict[str, Any]] = [
        case for test in yaml.safe_load(CASES.read_text())["tests"] for case in test["alert_rule_test"]
    ]
    for name in alerts():
        assert {bool(case["exp_alerts"]) for case in cases if case["alertname"] == name} == {True, False}, name


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["promtool", *arguments], capture_output=True, text=True, timeout=100)
