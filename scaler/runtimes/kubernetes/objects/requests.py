"""What a pod asks a node for, reckoned as the scheduler does, from a pod template.

Containers and sidecars run together; each init container runs with the sidecars before it, and alone. What the pod as
a whole asks for goes before what its containers do. A limit without a request is a request. What admission adds when a
pod is made (a LimitRange's defaults, a RuntimeClass's overhead) stands in pods only.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from scaler.requests import Requests
from scaler.runtimes.kubernetes.objects.reading import items, mapping
from torpor.quantity import millis, parse_quantity, whole

_UNITS = (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))


def written(requests: Requests) -> dict[str, str]:
    """As Kubernetes writes it."""
    cpu = str(requests.cpu // 1000) if requests.cpu % 1000 == 0 else f"{requests.cpu}m"
    memory = (f"{requests.memory // unit}{sign}" for sign, unit in _UNITS if requests.memory % unit == 0)
    return {"cpu": cpu, "memory": next(memory, str(requests.memory)) if requests.memory else "0"}


def in_words(requests: Requests) -> str:
    """For people."""
    return "{cpu} CPU and {memory} memory".format(**written(requests))


def read_requests(pod_spec: Mapping[str, object]) -> Requests:
    """Of one pod. Never raises: what cannot be read is as if it were not there."""
    return Requests(_Resource("cpu", millis).of(pod_spec), _Resource("memory", whole).of(pod_spec))


class _Resource(NamedTuple):
    name: str
    count: Callable[[Decimal], int]

    def of(self, pod: Mapping[str, object]) -> int:
        """What a whole pod asks for."""
        sidecars = peak = 0
        for container in items(pod.get("initContainers")):
            if mapping(container).get("restartPolicy") == "Always":
                sidecars += self.alone(container)
            else:
                peak = max(peak, sidecars + self.alone(container))
        together = max(peak, sidecars + sum(map(self.alone, items(pod.get("containers")))))
        said = self.said(pod, "requests")
        if said is None:
            said = together or self.said(pod, "limits") or 0
        return said + (self.read(pod.get("overhead")) or 0)

    def alone(self, container: object) -> int:
        """What one container asks for."""
        said = self.said(container, "requests")
        return (self.said(container, "limits") or 0) if said is None else said

    def said(self, whose: object, what: str) -> int | None:
        """As it is written."""
        return self.read(mapping(mapping(whose).get("resources")).get(what))

    def read(self, amounts: object) -> int | None:
        """Of several resources this one."""
        try:
            return self.count(parse_quantity(mapping(amounts).get(self.name)))
        except ValueError:
            return None
