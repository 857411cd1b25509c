"""What discovery finds: apps with the ports that visits lead to, and problems, each with its fix."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scaler.app import AppSpec
from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler
from scaler.runtimes.kubernetes.objects.probe import Probe
from scaler.runtimes.kubernetes.objects.selector import Selector
from scaler.runtimes.kubernetes.objects.workload import Ref, Workload
from torpor.words import Address, AppId


@dataclass(frozen=True, slots=True)
class Door:
    """One port of an app that visits lead to."""

    key: str
    """Empty for the app's main door (its first), else the port as text, `8080` or `http`."""
    port: int | str | None
    """The pods' port, by number or by the containers' name for it; None: nobody knows one yet."""
    routes: tuple[str, ...] = ()
    """In the words of torpor/routes.py."""


@dataclass(frozen=True, slots=True)
class Backing:
    """A Service that a served route leads to, with no managed workload behind it: forwarded to, never slept.

    Such are a workload without the label, cert-manager's solver of a challenge, a Service whose endpoints somebody
    else writes, and a Service that is missing: visits for that one go nowhere, rather than to a shorter route's app.
    """

    service: Ref
    selector: Selector | None
    """Of its pods; None: it has none, and `addresses` are all there is."""
    addresses: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """By door, from the EndpointSlices of a Service without a selector."""


@dataclass(frozen=True, slots=True)
class Found:
    """One app. Exactly one of `workload` and `backing` is there."""

    id: AppId
    """Of a workload `namespace/name`, of a backing `namespace/service~name`: no name in Kubernetes holds a tilde."""
    workload: Workload | None
    spec: AppSpec
    doors: tuple[Door, ...]
    """The main door first; a workload has at least one."""
    probe: Probe | None = None
    """What tells that a pod is ready: the workload's own probe, or the path that an annotation names instead."""
    autoscaler: Autoscaler | None = None
    """A HorizontalPodAutoscaler on the workload: a wake keeps to its bounds."""
    backing: Backing | None = None

    @property
    def namespace(self) -> str:
        """Where its pods are."""
        return self.id.partition("/")[0]

    @property
    def selector(self) -> Selector | None:
        """Of its pods; None where there are none to look for."""
        if self.workload is not None:
            return self.workload.selector
        return self.backing.selector if self.backing is not None else None

    @property
    def wakes_to(self) -> int:
        """How many replicas a wake gives it."""
        remembered = self.workload.remembered.replicas if self.workload is not None else None
        return self.wakes_with(remembered)

    def wakes_with(self, remembered: int | None) -> int:
        """How many replicas a wake gives it when this count is remembered."""
        return (remembered or 1) if self.autoscaler is None else self.autoscaler.clamp(remembered or 1)


class Reason(StrEnum):
    """Why something is reported: the `reason` of a Kubernetes Event."""

    MALFORMED = "Malformed"
    BAD_ANNOTATION = "BadAnnotation"
    ROUTE_NOT_SUPPORTED = "RouteNotSupported"
    ROUTE_CONFLICT = "RouteConflict"
    ROUTE_WITHOUT_BACKEND = "RouteWithoutBackend"
    ROUTE_WITHOUT_WORKLOAD = "RouteWithoutWorkload"
    WORKLOAD_WITHOUT_ROUTE = "WorkloadWithoutRoute"
    NOT_GRANTED = "ReferenceNotGranted"
    SERVICE_MISSING = "ServiceMissing"
    PORT_MISSING = "PortMissing"
    NO_ENDPOINTS = "ServiceWithoutEndpoints"
    EXTERNAL_NAME = "ExternalName"
    TWO_WORKLOADS = "TwoWorkloads"
    SAME_NAME = "SameName"
    NEED_MISSING = "NeedMissing"
    NEED_CIRCLE = "NeedCircle"
    NO_PODS = "PodsUnknown"
    NOT_MANAGED = "NotManaged"
    LEFT_ASLEEP = "LeftAsleep"
    NO_PROBE = "ReadinessProbeMissing"
    EXEC_PROBE = "ExecProbe"
    AUTOSCALER = "AutoscalerFound"
    KEDA = "KedaFound"
    GITOPS = "GitOpsOwner"
    MORE = "MoreProblems"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that an operator should know of; goes to Events on `about` and to `torpor doctor`."""

    about: Ref
    app: AppId | None
    reason: Reason
    message: str
    fix: str
    note: bool = False
    """Worth knowing, and nothing is broken."""
