"""docs/security.md gives a reason for each right of a scaler, and names no other."""

import re

import yaml

from tests.docs.pages import text
from tests.readme_tables import ROOT


def test_every_right_is_told_and_no_other() -> None:
    rights: dict[str, set[str]] = {}
    for document in yaml.safe_load_all((ROOT / "examples/kubernetes/rbac.yaml").read_text(encoding="utf-8")):
        for rule in document.get("rules", ()):
            for resource in rule["resources"]:
                rights.setdefault(resource, set()).update(rule["verbs"])
    told: dict[str, set[str]] = {}
    section = text("docs/security.md").split("| group | resources | verbs | why |")[1].split("\n\n")[0]
    for resources, verbs in re.findall(r"^\| [^|]+ \| (`[^|]+) \| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE):
        for resource in re.findall(r"`([a-z/]+)`", resources):
            told.setdefault(resource, set()).update(re.findall(r"get|list|watch|create|patch|delete|update", verbs))
    assert told == rights
