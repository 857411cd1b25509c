"""What somebody has asked of the API server, as its audit log tells: so that reads and writes can be counted."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WRITES = frozenset({"create", "update", "patch", "delete", "deletecollection"})


@dataclass(frozen=True, slots=True)
class Call:
    """One, when it was answered; a watch, when it began."""

    id: str
    user: str
    agent: str
    verb: str
    resource: str
    """The plural with its subresource: deployments, deployments/scale."""
    namespace: str
    name: str
    status: int
    uri: str
    sent: Any
    """The body of a write; None where it had none or was not kept."""
    at: str
    """When it arrived (RFC 3339)."""
    over: bool
    """Its answer has ended; that of a watch may take long."""

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        return self.verb in WRITES


class Audit:
    """The calls of those who are neither the cluster's own parts nor the tests themselves."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def mark(self) -> int:
        """This moment, for `calls`."""
        return self._log.stat().st_size if self._log.exists() else 0

    def calls(
        self, *, since: int = 0, user: str | None = None, resource: str | None = None, namespace: str | None = None
    ) -> list[Call]:
        """In the order of their answers, each once. The log may lag behind an answer for an instant."""
        seen: dict[str, Call] = {}
        for call in self._read(since):
            wanted = (user in (None, call.user), resource in (None, call.resource), namespace in (None, call.namespace))
            if all(wanted):
                seen[call.id] = call
        return list(seen.values())

    def writes(self, *, since: int = 0, user: str | None = None, namespace: str | None = None) -> list[Call]:
        """Those of the calls that change something."""
        return [call for call in self.calls(since=since, user=user, namespace=namespace) if call.writes]

    def _read(self, since: int) -> Iterator[Call]:
        with self._log.open("rb") as log:
            log.seek(since)
            for line in log:
                if line.endswith(b"\n"):
                    yield _call(json.loads(line))


def _call(told: dict[str, Any]) -> Call:
    about = told.get("objectRef", {})
    parts = (about.get("resource", ""), about.get("subresource", ""))
    return Call(
        id=told["auditID"],
        user=told["user"].get("username", ""),
        agent=told.get("userAgent", ""),
        verb=told["verb"],
        resource="/".join(part for part in parts if part),
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
        status=told.get("responseStatus", {}).get("code", 0),
        uri=told["requestURI"],
        sent=told.get("requestObject"),
        at=told["requestReceivedTimestamp"],
        over=told["stage"] == "ResponseComplete",
    )
