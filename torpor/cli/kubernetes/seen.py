"""What the scaler has lived through with its apps, as far as somebody has to do something about it. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from torpor.cli.findings import Finding, Grade, some

TOPIC = "What the scaler has seen"
MOST = 10

_FIX = (
    "Find out who does: kubectl get WORKLOAD --show-managed-fields -o yaml tells who owns spec.replicas; the rule for "
    "Argo CD or Flux is below, under GitOps, where one of them does."
)


def findings(apps: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """From the apps of the API: sleeps that somebody undoes, and wakes that failed; the same reason is one finding."""
    undone: list[str] = []
    failed: dict[str, list[str]] = {}
    for app in apps:
        name = str(app.get("id"))
        if isinstance(app.get("reverts"), int) and app["reverts"] > 0:
            undone.append(name)
        if app.get("phase") == "failed":
            failed.setdefault(str(app.get("reason") or "it does not say why"), []).append(name)
    told = [
        Finding(Grade.NOTE, f"the last wake failed: {reason}", f"torpor logs {names[0]}", TOPIC, tuple(names))
        for reason, names in list(failed.items())[:MOST]
    ]
    if undone:
        text = "somebody scales it up again right after it was put to sleep"
        told.insert(0, Finding(Grade.WRONG, text, _FIX, TOPIC, tuple(undone)))
    if rest := [name for names in list(failed.values())[MOST:] for name in names]:
        told.append(Finding(Grade.NOTE, f"the last wake failed of {some(rest)}", "torpor apps says why", TOPIC))
    return told
