"""Which apps are behind a Service, and by which of their ports its routes lead there."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from scaler.runtimes.kubernetes.discovery.claims import Claim, ServiceKey
from scaler.runtimes.kubernetes.discovery.doors import Lead
from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.discovery.ways import Way
from scaler.runtimes.kubernetes.objects.service import Service, ServicePort
from scaler.runtimes.kubernetes.objects.workload import Workload
from torpor.routes import MAX_WEIGHT
from torpor.words import AppId

ACME = "/.well-known/acme-challenge/"
"""Where cert-manager's solvers are asked (RFC 8555); pods that come and go by themselves."""


class Behind(NamedTuple):
    """What is known of one Service that routes lead to."""

    leads: tuple[Lead, ...] = ()
    lost: tuple[Lead, ...] = ()
    """Routes that lead to it and no further: it is missing, or it has no such port."""
    apps: Mapping[AppId, int] = {}
    """The managed workloads, each with its share of the visits."""
    ports: tuple[ServicePort, ...] = ()
    """Those of the Service that routes lead to."""


def behind(
    key: ServiceKey,
    service: Service | None,
    claims: Mapping[Way, Claim],
    workloads: Sequence[Workload],
    managed: Sequence[Workload],
) -> tuple[Behind, list[Problem]]:
    """What is behind a Service, given the claims that lead to it and the workloads that it selects."""
    shares = [
        (claim, share)
        for claim in claims.values()
        for share in claim.shares
        if (share.to.namespace, share.to.service) == key
    ]
    apps = {workload.app: _weight(workload) for workload in managed}
    if service is None or service.external_name:
        lost = tuple(Lead(claim.way, None, share.weight) for claim, share in shares)
        return Behind(lost=lost, apps=apps), [_missing(key, service, claim) for claim in claims.values()]
    leads: list[Lead] = []
    lost_leads: list[Lead] = []
    used: dict[ServicePort, None] = {}
    problems: list[Problem] = []
    for claim, share in shares:
        port = service.port(share.to.port)
        if port is None:
            lost_leads.append(Lead(claim.way, None, share.weight))
            problems.append(_no_port(claim, service, share.to.port))
        else:
            leads.append(Lead(claim.way, port.target, share.weight))
            used[port] = None
    if service.selector is not None and not workloads:
        problems += [_no_workload(claim, service) for claim in claims.values() if not claim.way.path.startswith(ACME)]
    if managed and len(workloads) > 1:
        problems.append(_two(service, workloads, managed))
    return Behind(tuple(leads), tuple(lost_leads), apps, tuple(used)), problems


def shared(lead: Lead, apps: Mapping[AppId, int], app: AppId) -> Lead:
    """The lead as it is for one of the apps: of several each gets visits by the replicas it has, as of a Service."""
    if len(apps) < 2:
        return lead
    if lead.weight is None:
        return lead._replace(weight=apps[app])
    return lead._replace(weight=max(1, round(lead.weight * apps[app] / sum(apps.values()))))


def _weight(workload: Workload) -> int:
    return max(1, min(workload.replicas or workload.remembered.replicas or 1, MAX_WEIGHT))


def _missing(key: ServiceKey, service: Service | None, claim: Claim) -> Problem:
    name = "/".join(key)
    if service is None:
        message = f"{_said(claim.way)} leads to the Service {name}, which is not there"
        fix = "Create the Service, or let the route lead to one that is there."
        return Problem(claim.source, None, Reason.SERVICE_MISSING, message, fix)
    message = f"the Service {name} is the name {service.external_name}, which Torpor does not follow"
    fix = "Use a Service with a selector, or one without whose EndpointSlices hold the addresses."
    return Problem(claim.source, None, Reason.EXTERNAL_NAME, message, fix)


def _no_port(claim: Claim, service: Service, wanted: int | str | None) -> Problem:
    known = ", ".join(f"{port.port} {port.name}".strip() for port in service.ports[:20]) or "none"
    message = f"{_said(claim.way)} leads to port {wanted} of the {service.ref}, which has no such TCP port"
    return Problem(claim.source, None, Reason.PORT_MISSING, message, f"Use one of its ports: {known}.")


def _no_workload(claim: Claim, service: Service) -> Problem:
    message = f"{_said(claim.way)} leads to the {service.ref}, which selects no workload's pods"
    fix = "Let the Service's selector match the labels of a workload's pod template. Pods of no workload get visits."
    return Problem(claim.source, None, Reason.ROUTE_WITHOUT_WORKLOAD, message, fix, note=True)


def _two(service: Service, workloads: Sequence[Workload], managed: Sequence[Workload]) -> Problem:
    names = " and ".join(str(workload.ref) for workload in workloads[:4])
    if len(managed) > 1:
        message = f"it selects the pods of {names}: visits are shared between those that are managed"
    else:
        message = f"it selects the pods of {names}: visits go to {managed[0].ref}, the only one that is managed"
    fix = "Give each workload a Service of its own, or let the selector match one of them only."
    return Problem(service.ref, None, Reason.TWO_WORKLOADS, message, fix, note=len(managed) == 1)


def _said(way: Way) -> str:
    return str(way)[:300] if way.path or way.exact else f"{way.host}/"
