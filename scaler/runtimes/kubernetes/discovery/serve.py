"""Which Ingresses and Gateways are ours to serve: the operator says so, never an object."""

from dataclasses import dataclass

from scaler.runtimes.kubernetes.objects.gateway import Gateway
from scaler.runtimes.kubernetes.objects.httproute import Parent
from scaler.runtimes.kubernetes.objects.ingress import Ingress


@dataclass(frozen=True, slots=True)
class Serve:
    """What the operator has told us to serve."""

    ingress_classes: frozenset[str] = frozenset({"torpor"})
    without_class: bool = False
    """Ingresses without a class too: we are the default."""
    gateways: frozenset[str] = frozenset()
    """Gateways, as `namespace/name`; they need not be there, when an ingress controller's name is only borrowed."""
    gateway_classes: frozenset[str] = frozenset({"torpor"})
    """All Gateways of these classes."""

    def ingress(self, ingress: Ingress) -> bool:
        """Whether its routes are ours."""
        if ingress.class_name is None:
            return self.without_class
        return ingress.class_name in self.ingress_classes

    def gateway(self, parent: Parent, gateway: Gateway | None) -> bool:
        """Whether what is attached to it is ours."""
        if f"{parent.namespace}/{parent.name}" in self.gateways:
            return True
        return gateway is not None and gateway.class_name in self.gateway_classes
