"""Which addresses serve an app, door by door, and what its pods still have to be asked (promise 7).

A pod serves a door once its readiness probe has answered, us or the kubelet, in this life of its containers, and
somebody has been seen to listen on the door's own port. Where the probe cannot be asked from here, the kubelet's Ready
stands for it; where there is none, Ready says only that a program has been started, and the port alone counts.

A pod that has been Ready for a while and has not been heard to refuse counts too: it serves in everybody else's eyes,
and what a scaler that has just been started has not seen, or cannot reach, is not held against an app that runs.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scaler.runtimes.kubernetes.discovery.found import Door
from scaler.runtimes.kubernetes.objects.probe import Probe
from scaler.runtimes.kubernetes.pods.pod import Life, Pod
from scaler.runtimes.kubernetes.pods.question import Ask, Question, connecting, probing
from torpor.words import Address

TRUSTED = 10.0
"""Seconds of being Ready after which a pod is taken at its word."""


@dataclass(frozen=True, slots=True)
class Use:
    """What to do with an app's pods now."""

    addresses: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """By door, the oldest pod's first; every door is there, if only with none."""
    asks: tuple[Ask, ...] = ()
    """What to ask, the oldest pod first."""
    again: float | None = None
    """Seconds until another look is worth it though nothing has changed."""

    @property
    def serves(self) -> bool:
        """At least one door leads somewhere."""
        return any(self.addresses.values())


class Serving:
    """What is known of one app's pods beyond what they say of themselves. Holds no more than there are pods."""

    def __init__(self) -> None:
        self._answered: set[Ask] = set()
        self._refused: set[Ask] = set()
        self._was_ready: set[Life] = set()
        self._served: set[tuple[Life, Address]] = set()

    def answered(self, ask: Ask) -> None:
        """A pod has given a good answer."""
        self._answered.add(ask)

    def refused(self, ask: Ask) -> None:
        """A pod could be reached, and did not give a good answer."""
        self._refused.add(ask)

    def update(self, pods: Iterable[Pod], doors: Sequence[Door], probe: Probe | None, now: float) -> Use:
        """Look at all of an app's pods. `now` in Unix seconds."""
        here = sorted(
            (pod for pod in pods if pod.ip and not pod.deleting and not pod.over),
            key=lambda pod: (pod.created, pod.namespace, pod.name),
        )
        self._forget_all_but({pod.life for pod in here})
        self._was_ready |= {pod.life for pod in here if pod.ready}
        addresses: dict[str, tuple[Address, ...]] = {}
        asks: dict[Ask, None] = {}
        waits: list[float] = []
        for door in doors:
            serve: list[tuple[Pod, Address]] = []
            for pod in here:
                target = connecting(pod, door.port)
                if target is None:
                    continue
                missing = self._missing(pod, target, probe)
                patience = self._trusted_in(pod, missing, now)
                if not missing or patience == 0.0:
                    serve.append((pod, target.address))
                    self._served.add((pod.life, target.address))
                    continue
                asks |= {ask: None for ask in missing if ask is not None}
                if patience is not None:
                    waits.append(patience)
            addresses[door.key] = self._best(serve)
        return Use(addresses, tuple(asks), min(waits, default=None))

    def _forget_all_but(self, lives: set[Life]) -> None:
        self._answered = {ask for ask in self._answered if ask.life in lives}
        self._refused = {ask for ask in self._refused if ask.life in lives}
        self._was_ready &= lives
        self._served = {(life, address) for life, address in self._served if life in lives}

    def _missing(self, pod: Pod, target: Question, probe: Probe | None) -> list[Ask | None]:
        """What has to answer before the pod serves a door; None is a question that only the kubelet can ask."""
        if (pod.life, target.address) in self._served:
            return []
        question = probing(pod, probe)
        missing: list[Ask | None] = []
        if probe is not None and not pod.ready:
            missing.append(None if question is None else Ask(pod.life, question))
        if question is None or question.address != target.address:
            missing.append(Ask(pod.life, target))
        return [ask for ask in missing if ask not in self._answered]

    def _trusted_in(self, pod: Pod, missing: list[Ask | None], now: float) -> float | None:
        """Seconds until it has been Ready for long enough; None where that will not do."""
        ready = pod.conditions.get("Ready")
        if ready is None or not ready.holds or not self._refused.isdisjoint(missing):
            return None
        return 0.0 if ready.since is None else max(0.0, ready.since + TRUSTED - now)

    def _best(self, serve: list[tuple[Pod, Address]]) -> tuple[Address, ...]:
        """Without those that the kubelet has found to be ready no more, unless there are no others."""
        well = [address for pod, address in serve if pod.ready or pod.life not in self._was_ready]
        return tuple(dict.fromkeys(well or [address for _, address in serve]))
