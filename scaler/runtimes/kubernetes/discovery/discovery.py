"""Objects come and go, apps come out: every change is followed through only to what it touches.

The order is always the same: what a workload says of itself, what routes ask for, who is right where several ask for
the same, what is behind each Service, and in the end the apps. Nothing an object says can raise or touch another's app
beyond what Kubernetes itself would let it.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from scaler.runtimes.kubernetes.discovery.assembly import Assembly
from scaler.runtimes.kubernetes.discovery.dirty import Dirty
from scaler.runtimes.kubernetes.discovery.found import Found, Problem, Reason
from scaler.runtimes.kubernetes.discovery.gateways import Gateways
from scaler.runtimes.kubernetes.discovery.ingresses import ingress_claims
from scaler.runtimes.kubernetes.discovery.problem_book import ProblemBook
from scaler.runtimes.kubernetes.discovery.readers import Object, read_object, ref_of
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.discovery.workloads import only_moved, opted_in
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler, ScaledObject
from scaler.runtimes.kubernetes.objects.endpoints import EndpointSlice
from scaler.runtimes.kubernetes.objects.gateway import Gateway
from scaler.runtimes.kubernetes.objects.httproute import Grant, HttpRoute
from scaler.runtimes.kubernetes.objects.ingress import Ingress
from scaler.runtimes.kubernetes.objects.namespace import Namespace
from scaler.runtimes.kubernetes.objects.reading import KindOf, Malformed, Ref
from scaler.runtimes.kubernetes.objects.service import Service
from scaler.runtimes.kubernetes.objects.workload import MANAGED, Workload
from torpor.words import AppId

_OBJECT = "object"


class Discovery:
    """Everything that has been told of a cluster, and what it comes to."""

    def __init__(self, serve: Serve, defaults: Defaults) -> None:
        self._serve = serve
        self._book = ProblemBook()
        self._assembly = Assembly(defaults, self._book)
        self._gateways = Gateways(serve)
        self._namespaces: dict[str, Mapping[str, str]] = {}
        self._objects: dict[tuple[str, str], dict[tuple[str, str], Object]] = {}
        self._broken: dict[tuple[str, str], dict[tuple[str, str], Ref]] = {}

    @property
    def apps(self) -> Mapping[AppId, Found]:
        """All apps, as they are now."""
        return MappingProxyType(self._assembly.apps)

    @property
    def problems(self) -> Iterator[Problem]:
        """All that is wrong now, bounded by object."""
        return iter(self._book)

    def problems_of(self, about: Ref) -> tuple[Problem, ...]:
        """What is wrong with one object."""
        return self._book.about(about)

    def news(self) -> tuple[Problem, ...]:
        """The problems that have come since this was asked the last time."""
        return self._book.news()

    def selecting(self, namespace: str, labels: Mapping[str, str]) -> list[AppId]:
        """The apps to which a pod with these labels belongs."""
        return self._assembly.selecting(namespace, labels)

    def namespace_managed(self, namespace: str) -> bool:
        """The namespace opts in all workloads that do not opt out."""
        return self._namespaces.get(namespace, {}).get(MANAGED) == "true"

    def keys(self, kind: KindOf) -> list[tuple[str, str]]:
        """Namespace and name of all that has been told of a kind, in whatever version."""
        known = (kind.group, kind.plural)
        return [*self._objects.get(known, ()), *self._broken.get(known, ())]

    def put(self, kind: KindOf, source: object) -> set[AppId]:
        """An object is there and is so. The apps that have changed, come or gone."""
        dirty = Dirty()
        self._put(kind, source, dirty)
        return self._settle(dirty)

    def remove(self, kind: KindOf, namespace: str, name: str) -> set[AppId]:
        """An object is gone. The apps that have changed or gone."""
        dirty = Dirty()
        self._set(kind, (namespace, name), None, dirty)
        return self._settle(dirty)

    def replace(self, kind: KindOf, sources: Iterable[object], namespace: str | None = None) -> set[AppId]:
        """These are all objects of the kind, in one namespace or in all. The apps that have changed, come or gone."""
        dirty = Dirty()
        gone = {key for key in self.keys(kind) if namespace in (None, key[0])}
        for source in sources:
            gone.discard(self._put(kind, source, dirty))
        for key in gone:
            self._set(kind, key, None, dirty)
        return self._settle(dirty)

    def _put(self, kind: KindOf, source: object, dirty: Dirty) -> tuple[str, str]:
        try:
            read = read_object(kind, source)
        except Malformed as error:
            ref = ref_of(kind, source)
            key = ref.namespace, ref.name
            self._set(kind, key, None, dirty)
            self._broken.setdefault((kind.group, kind.plural), {})[key] = ref
            fix = "Mend it; until then it is as if it were not there."
            self._book.put(ref, _OBJECT, [Problem(ref, None, Reason.MALFORMED, f"it cannot be read: {error}", fix)])
            return key
        if isinstance(read, Workload):
            read = opted_in(read, self._namespaces.get(read.ref.namespace, {}))
        key = read.ref.namespace, read.ref.name
        self._set(kind, key, read, dirty)
        return key

    def _set(self, kind: KindOf, key: tuple[str, str], after: Object | None, dirty: Dirty) -> None:
        objects = self._objects.setdefault((kind.group, kind.plural), {})
        if broken := self._broken.get((kind.group, kind.plural), {}).pop(key, None):
            self._book.put(broken, _OBJECT, ())
        before = objects.get(key)
        if before == after:
            return
        if after is None:
            del objects[key]
        else:
            objects[key] = after
        if before is not None and after is not None and before.ref != after.ref:  # of another version now
            self._follow(before, None, dirty)
            before = None
        self._follow(before, after, dirty)

    def _follow(self, before: Object | None, after: Object | None, dirty: Dirty) -> None:
        """The kinds of both are the same, as far as both are there."""
        assembly = self._assembly
        match after if after is not None else before:
            case Workload():
                self._workload(_as(Workload, before), _as(Workload, after), dirty)
            case Service() as service:
                services = assembly.services
                dirty.services.add(services.remove(service) if after is None else services.put(service))
            case EndpointSlice():
                for one in (_as(EndpointSlice, before), _as(EndpointSlice, after)):
                    if one is not None:
                        change = assembly.services.put_slice if one is after else assembly.services.remove_slice
                        dirty.services.add(change(one))
            case Ingress() as ingress:
                served = after is not None and self._serve.ingress(ingress)
                claims, problems = ingress_claims(ingress) if served else ([], [])
                assembly.claim(ingress.ref, claims, problems, dirty)
            case HttpRoute():
                dirty.routes |= self._gateways.route(_as(HttpRoute, before), _as(HttpRoute, after))
            case Gateway():
                dirty.routes |= self._gateways.gateway(_as(Gateway, before), _as(Gateway, after))
            case Grant():
                dirty.routes |= self._gateways.grant(_as(Grant, before), _as(Grant, after))
            case Namespace() as namespace:
                self._namespace(namespace.ref.name, after, dirty)
            case Autoscaler():
                dirty.apps |= assembly.autoscalers.change(_as(Autoscaler, before), _as(Autoscaler, after))
            case ScaledObject():
                dirty.apps |= assembly.scaled.change(_as(ScaledObject, before), _as(ScaledObject, after))

    def _workload(self, before: Workload | None, after: Workload | None, dirty: Dirty) -> None:
        assembly = self._assembly
        if after is not None:
            assembly.workloads.put(after)
        elif before is not None:
            assembly.workloads.remove(before)
        alike = before is not None and after is not None and only_moved(before, after)
        for workload in (before, after):
            if workload is None:
                continue
            if alike:
                dirty.moved.add(workload.app)
            else:
                dirty.names.add(workload.app)
                dirty.services.update(assembly.services.selecting(workload.ref.namespace, workload.labels))
        if after is None and before is not None:
            assembly.forget(before, dirty)

    def _namespace(self, name: str, after: Object | None, dirty: Dirty) -> None:
        labels = after.labels if isinstance(after, Namespace) else {}
        self._namespaces.pop(name, None)
        if labels:
            self._namespaces[name] = labels
        dirty.routes |= self._gateways.namespace(name)
        for workload in self._assembly.workloads.inside(name):
            again = opted_in(workload, labels)
            if again is not workload:
                self._objects[workload.ref.group, workload.ref.plural][name, workload.ref.name] = again
                self._workload(workload, again, dirty)

    def _settle(self, dirty: Dirty) -> set[AppId]:
        for ref in dirty.routes:
            claims, problems = self._gateways.claims(ref, self._namespaces.get(ref.namespace, {}))
            self._assembly.claim(ref, claims, problems, dirty)
        return self._assembly.settle(dirty)


def _as[T](kind: type[T], value: object) -> T | None:
    return value if isinstance(value, kind) else None
