"""Pods as tests want them, in few words."""

from scaler.runtimes.kubernetes.pods.container import Container, Why
from scaler.runtimes.kubernetes.pods.pod import Condition, Pod

NOW = 1_800_000_000.0
"""Unix seconds."""


def pod(
    name: str = "web-1",
    *,
    ip: str = "127.0.0.1",
    node: str = "n1",
    phase: str = "Running",
    created: str = "2026-11-23T06:00:00Z",
    deleting: bool = False,
    ready: float | bool = False,
    why: Why | None = None,
    containers: tuple[Container, ...] | None = None,
    restarts: int = 0,
    conditions: dict[str, Condition] | None = None,
    ports: dict[str, int] | None = None,
    nominated: str = "",
) -> Pod:
    """`ready` may be for how many seconds."""
    told = dict(conditions or {})
    if ready is not False:
        told["Ready"] = Condition(True, since=NOW - ready)
    return Pod(
        namespace="team",
        name=name,
        uid=f"uid of {name}",
        labels={},
        owner="ReplicaSet web-5d8f",
        created=created,
        deleting=deleting,
        phase=phase,
        why=why or Why(),
        ip=ip,
        node=node,
        nominated=nominated,
        conditions=told,
        containers=(Container("web", "web:1", running=True, restarts=restarts),) if containers is None else containers,
        ports=ports or {},
        first_port=None,
    )
