"""A managed workload as an app: its settings, its doors, its probe."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scaler.app import AppSpec
from scaler.runtimes.kubernetes.discovery.doors import Lead, home_port, make_doors, routes_by_door
from scaler.runtimes.kubernetes.discovery.found import Door, Found
from scaler.runtimes.kubernetes.objects.annotations import AppSettings
from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler
from scaler.runtimes.kubernetes.objects.probe import HttpGet, Probe
from scaler.runtimes.kubernetes.objects.workload import Workload
from torpor.words import AppId, Mode


@dataclass(frozen=True, slots=True)
class Parts:
    """What an app is made of."""

    workload: Workload
    settings: AppSettings
    leads: Iterable[Lead]
    needs: tuple[AppId, ...]
    autoscaler: Autoscaler | None
    team: str


def app_found(parts: Parts) -> Found:
    """The app of a managed workload."""
    workload, settings = parts.workload, parts.settings
    doors = make_doors(parts.leads, home_port(workload.probe, workload.first_port), workload.ports)
    return Found(
        workload.app,
        workload,
        AppSpec(
            *(workload.app, routes_by_door(doors), settings.policy, settings.idle_timeout, parts.needs),
            requests=workload.requests,
            keep_awake=settings.keep_awake,
            shadow=settings.mode is Mode.SHADOW,
            team=parts.team,
        ),
        doors,
        _probe(workload.probe, settings.ready_path, doors[0]),
        parts.autoscaler,
    )


def _probe(own: Probe | None, ready_path: str | None, main: Door) -> Probe | None:
    """The path that an annotation names counts more than the workload's own probe."""
    if ready_path is None:
        return own
    if isinstance(own, HttpGet):
        return replace(own, path=ready_path)
    return own if main.port is None else HttpGet(main.port, ready_path)
