"""What the scaler of a cluster is told to serve: its own word, the `kubernetes:` of torpor.yaml, or the defaults."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from scaler.runtimes.kubernetes.discovery.serve import Serve
from torpor.kubernetes_settings import KubernetesSettings


class Served(NamedTuple):
    """The settings, and whose word they are, for people."""

    settings: KubernetesSettings
    said_by: str

    @property
    def serve(self) -> Serve:
        """As discovery wants it."""
        return Serve(
            ingress_classes=frozenset(self.settings.ingress_classes),
            without_class=self.settings.ingress_without_class,
            gateways=frozenset(self.settings.gateways),
            gateway_classes=frozenset(self.settings.gateway_classes),
        )

    def __str__(self) -> str:
        serve = self.serve
        told = f"{self.said_by}: Ingresses of class {', '.join(sorted(serve.ingress_classes)) or 'none'}"
        told += " and those without a class" if serve.without_class else ""
        gateways = [*sorted(serve.gateways), *(f"all of class {one}" for one in sorted(serve.gateway_classes))]
        told += f"; Gateways: {', '.join(gateways) or 'none'}"
        return told + (f"; in {', '.join(self.settings.namespaces)} alone" if self.settings.namespaces else "")


def served(file: KubernetesSettings | None, info: Mapping[str, Any]) -> Served:
    """What a file says goes before what the scaler says of itself in `/v1/info`."""
    if file is not None:
        return Served(file, "torpor.yaml says what is served")
    try:
        return Served(KubernetesSettings.model_validate(info["kubernetes"]), "the scaler says what is served")
    except (LookupError, ValidationError):
        return Served(KubernetesSettings(), "nobody says what is served, so what is usual is taken")
