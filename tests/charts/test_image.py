"""The Dockerfile, which no test builds, and the chart say the same of the image."""

import json
import re

from tests.charts.rendering import ROOT, one, rendered

TEXT = (ROOT / "Dockerfile").read_text()


def test_it_is_the_user_that_the_chart_runs_it_as() -> None:
    for kind, name in (("Deployment", "torpor-proxy"), ("Deployment", "torpor-scaler"), ("Job", "torpor-rouse")):
        context = one(rendered(), kind, name)["spec"]["template"]["spec"]["securityContext"]
        assert re.findall(r"^USER (.*)$", TEXT, re.MULTILINE) == [f"{context['runAsUser']}:{context['runAsGroup']}"]


def test_it_begins_with_torpor_which_the_charts_arguments_are_for() -> None:
    (start,) = re.findall(r"^ENTRYPOINT (.*)$", TEXT, re.MULTILINE)
    assert json.loads(start)[-1] == "torpor"


def test_what_goes_into_it_is_all_that_the_package_is_made_of() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {file.parent.name for file in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= kept
    assert {"pyproject.toml", "requirements.txt", "README.md", "LICENSE"} <= kept
