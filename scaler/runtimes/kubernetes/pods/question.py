"""What a pod is asked: the workload's own readiness probe, and whether somebody listens on a door's port."""

from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.probe import Exec, Grpc, HttpGet, Probe
from scaler.runtimes.kubernetes.pods.pod import Life, Pod
from torpor.words import Address


class Question(NamedTuple):
    """One question to one address."""

    address: Address
    probe: HttpGet | Grpc | None = None
    """How to ask; None: somebody listening is answer enough."""

    def __str__(self) -> str:
        match self.probe:
            case HttpGet():
                return f"GET {self.probe.path[:100]} on {self.address}"
            case Grpc():
                return f"gRPC health on {self.address}"
            case None:
                return str(self.address)


class Ask(NamedTuple):
    """A question to a pod in one life of it; an answer holds for that life."""

    life: Life
    question: Question


def probing(pod: Pod, probe: Probe | None) -> Question | None:
    """The pod's readiness probe as a question; None where there is none, or where only the kubelet can ask it.

    A probe's own `host` is not connected to: what has to answer is the address that visits will use.
    """
    if probe is None or isinstance(probe, Exec) or not pod.ip:
        return None
    port = pod.port(probe.port)
    if port is None:
        return None  # it names a port that no container has: the kubelet does not find it either
    return Question(Address(pod.ip, port), probe if isinstance(probe, HttpGet | Grpc) else None)


def connecting(pod: Pod, port: int | str | None) -> Question | None:
    """Whether somebody listens on a door's port; None while the pod has no address or no such port."""
    number = pod.port(port)
    return None if number is None or not pod.ip else Question(Address(pod.ip, number))
