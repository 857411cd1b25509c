"""A Service with no managed workload behind it, as an app that is forwarded to and never sleeps."""

from collections.abc import Iterable, Mapping

from scaler.app import AppSpec
from scaler.runtimes.kubernetes.discovery.behind import Behind
from scaler.runtimes.kubernetes.discovery.claims import ServiceKey
from scaler.runtimes.kubernetes.discovery.doors import make_doors, routes_by_door
from scaler.runtimes.kubernetes.discovery.found import Backing, Door, Found, Problem, Reason
from scaler.runtimes.kubernetes.objects.endpoints import EndpointSlice
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.service import Service
from torpor.link import Policy
from torpor.words import Address, AppId


def backing_id(key: ServiceKey) -> AppId:
    """Unlike any workload's, and any door's: no name in Kubernetes holds a tilde."""
    return f"{key[0]}/service~{key[1]}"


def backing_found(
    key: ServiceKey, service: Service | None, behind: Behind, slices: Iterable[EndpointSlice], policy: Policy
) -> Found | None:
    """The app that stands for a Service without a managed workload, or for those of its routes that go nowhere."""
    through = service is not None and not behind.apps and bool(behind.leads)
    leads = behind.leads if through else behind.lost
    if not leads:
        return None
    doors = make_doors(leads, None, {})
    ref = service.ref if service is not None else Ref("", "v1", "services", "Service", *key)
    selector = service.selector if service is not None and through else None
    addresses = _addresses(doors, behind, slices) if through and selector is None else {}
    app = backing_id(key)
    spec = AppSpec(app, routes_by_door(doors), policy, idle_timeout=0.0, managed=False)
    return Found(app, None, spec, doors, backing=Backing(ref, selector, addresses))


def backing_problems(service: Service | None, behind: Behind, found: Found | None) -> list[Problem]:
    """What is wrong with it, beyond what its routes say of it."""
    backing = found.backing if found is not None else None
    if service is None or found is None or backing is None or not behind.leads or behind.apps:
        return []
    if backing.selector is not None or any(backing.addresses.values()):
        return []
    message = "it has no selector, and no EndpointSlice holds an address for it: visits go nowhere"
    fix = "Give it the selector of a workload's pods, or an EndpointSlice with kubernetes.io/service-name."
    return [Problem(service.ref, found.id, Reason.NO_ENDPOINTS, message, fix)]


def _addresses(
    doors: Iterable[Door], behind: Behind, slices: Iterable[EndpointSlice]
) -> Mapping[str, tuple[Address, ...]]:
    """Slices tell ports by the name of the Service's port."""
    by_name: dict[str, dict[Address, None]] = {}
    for one in sorted(slices, key=lambda one: one.ref):
        for name, addresses in one.addresses.items():
            by_name.setdefault(name, {}).update(dict.fromkeys(addresses))
    found: dict[str, tuple[Address, ...]] = {}
    for door in doors:
        names = dict.fromkeys(port.name for port in behind.ports if port.target == door.port)
        found[door.key] = tuple(dict.fromkeys(address for name in names for address in by_name.get(name, ())))
    return found
