"""All Services, with the EndpointSlices that somebody has written for those without a selector."""

from collections.abc import Iterable, Mapping

from scaler.runtimes.kubernetes.discovery.claims import ServiceKey
from scaler.runtimes.kubernetes.discovery.labels import BySelector
from scaler.runtimes.kubernetes.objects.endpoints import EndpointSlice
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.service import Service


class Services:
    """An index of Services."""

    def __init__(self) -> None:
        self._all: dict[ServiceKey, Service] = {}
        self._selectors: BySelector[ServiceKey] = BySelector()
        self._slices: dict[ServiceKey, dict[Ref, EndpointSlice]] = {}

    def put(self, service: Service) -> ServiceKey:
        """It is so now."""
        key = service.ref.namespace, service.ref.name
        self._all[key] = service
        if service.selector:
            self._selectors.put(key, service.ref.namespace, service.selector.labels)
        else:
            self._selectors.remove(key)
        return key

    def remove(self, service: Service) -> ServiceKey:
        """It is gone."""
        key = service.ref.namespace, service.ref.name
        del self._all[key]
        self._selectors.remove(key)
        return key

    def get(self, key: ServiceKey) -> Service | None:
        """The Service of this name."""
        return self._all.get(key)

    def selecting(self, namespace: str, labels: Mapping[str, str]) -> list[ServiceKey]:
        """Those that select pods with these labels."""
        return self._selectors.selecting(namespace, labels)

    def put_slice(self, one: EndpointSlice) -> ServiceKey:
        """Which Service it is for."""
        key = one.ref.namespace, one.service
        if one.service:
            self._slices.setdefault(key, {})[one.ref] = one
        return key

    def remove_slice(self, one: EndpointSlice) -> ServiceKey:
        """Which Service it was for."""
        key = one.ref.namespace, one.service
        slices = self._slices.get(key, {})
        slices.pop(one.ref, None)
        if not slices:
            self._slices.pop(key, None)
        return key

    def slices(self, key: ServiceKey) -> Iterable[EndpointSlice]:
        """Those of one Service."""
        return self._slices.get(key, {}).values()
