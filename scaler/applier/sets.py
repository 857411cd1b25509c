"""How a set of objects is called, and the marks by which its objects are known: labels and annotations of ours."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.annotations import APPLIED_AT, EXPIRES_IN

__all__ = ["APPLIED_AT", "EXPIRES_IN", "LABEL", "MANAGER", "OURS", "SetId", "is_name", "is_namespace", "written_time"]

MANAGER = "torpor-apply"
"""The field manager of all that is applied."""
OURS = frozenset({"torpor", MANAGER})
"""All field managers of ours: what the sleep has written is no reason to refuse a deploy."""
LABEL = "torpor.dev/set"

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
"""RFC 1123 label: such a name is also the value of a label."""


class SetId(NamedTuple):
    """Which set."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def is_name(text: str) -> bool:
    """It can be the name of a set."""
    return _NAME.fullmatch(text) is not None


is_namespace = is_name


def written_time(at: float) -> str:
    """Unix seconds as an annotation has them."""
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
