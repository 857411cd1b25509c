"""What values.schema.json says of `settings`, from the settings themselves: `python -m tests.charts.settings_schema`
brings it up to date."""

import json
from typing import Any

from tests.charts.rendering import CHART
from torpor.cli.settings import describe

FILE = CHART / "values.schema.json"
BY_THE_CHART = {"api", "kubernetes.namespace", "kubernetes.proxies"}
ELSEWHERE = {
    *("listen", "engine", "tls", "token", "trusted_proxies", "max_connections", "drain_timeout", "brand"),
    *("apps", "log_directory", "log_bytes", "stop_timeout"),
}
"""Settings of proxies, of apps that are processes, and those that need a file."""
DURATION = {"oneOf": [{"type": "string", "pattern": "^[0-9]"}, {"type": "number", "minimum": 0}]}
TYPES: dict[str, Any] = {
    "text": {"type": "string"},
    "whole number": {"type": "integer"},
    "number": {"type": "number"},
    "true | false": {"type": "boolean"},
    "duration": DURATION,
    "list": {"type": "array", "items": {"type": "string"}},
    "list of text": {"type": "array", "items": {"type": "string"}},
    "list of toleration": {"type": "array", "items": {"type": "object"}},
    "map of name to text": {"type": "object", "additionalProperties": {"type": "string"}},
}

type Tree = dict[str, Any]


def wanted() -> Tree:
    """The schema of `settings`. What a value may be in detail is told by the scalers, when they start."""
    made: Tree = {"type": "object", "additionalProperties": False, "properties": {}}
    for setting in describe():
        *path, name = setting.name.split(".")
        if setting.name in BY_THE_CHART or setting.name.partition(".")[0] in ELSEWHERE:
            continue
        place = made
        for part in path:
            place = place["properties"][part]
            place |= {"type": "object", "additionalProperties": False, "properties": place.get("properties", {})}
        place["properties"][name] = dict(TYPES.get(setting.type) or choice(setting.type))
    return made


def choice(told: str) -> Tree:
    """One of several words or numbers; anything where the type is none of those that are known here."""
    words = told.split(" | ")
    return {"enum": [int(word) if word.isdecimal() else word for word in words]} if len(words) > 1 else {}


def updated(text: str) -> str:
    """The file as it should be."""
    schema = json.loads(text)
    schema["properties"]["settings"] = wanted()
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    FILE.write_text(updated(FILE.read_text()))
