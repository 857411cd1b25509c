"""What an operator should know of a managed workload, whatever leads to it: `torpor doctor` says it with the fix."""

from collections.abc import Iterable

from scaler.runtimes.kubernetes.discovery.found import Found, Problem, Reason
from scaler.runtimes.kubernetes.discovery.gitops import gitops_owner
from scaler.runtimes.kubernetes.objects.annotations import Bad
from scaler.runtimes.kubernetes.objects.autoscalers import Autoscaler, ScaledObject
from scaler.runtimes.kubernetes.objects.probe import Exec
from scaler.runtimes.kubernetes.objects.reading import Ref
from scaler.runtimes.kubernetes.objects.remembered import WRITTEN
from scaler.runtimes.kubernetes.objects.workload import MANAGED, Workload
from torpor.words import Phase

_ROUTE = (
    "Let an Ingress of a class that Torpor serves, or an HTTPRoute, lead to a Service that selects its pods; or set "
    "the annotation torpor.dev/hosts."
)


def label_problems(workload: Workload) -> list[Problem]:
    """What is wrong with the label that opts in, or with its absence."""
    ref = workload.ref
    opt_in = f'Set the label {MANAGED}: "true" on it, or on its namespace.'
    told = []
    if workload.opted not in (None, "true", "false"):
        message = f"the label {MANAGED} is {str(workload.opted)[:63]!r}; allowed are true and false"
        told.append(Problem(ref, None, Reason.BAD_ANNOTATION, message, opt_in))
    elif not workload.managed and workload.opted is None and workload.annotations.keys() - set(WRITTEN):
        message = "it has annotations of Torpor's, but it is not managed: they do nothing"
        told.append(Problem(ref, None, Reason.NOT_MANAGED, message, opt_in, note=True))
    if not workload.managed and not workload.up and workload.remembered.phase is Phase.ASLEEP:
        message = "it was put to sleep and is not managed any more: nobody wakes it"
        count = workload.remembered.replicas or 1
        kind = ref.plural if ref.group == "apps" else f"{ref.plural}.{ref.group}"
        fix = f"kubectl --namespace {ref.namespace} scale {kind}/{ref.name} --replicas={count}"
        told.append(Problem(ref, None, Reason.LEFT_ASLEEP, message, fix))
    return told


def annotation_problems(workload: Workload, bad: Iterable[Bad]) -> list[Problem]:
    """Annotations that cannot be used."""
    return [
        Problem(
            workload.ref,
            workload.app,
            Reason.BAD_ANNOTATION,
            f"{annotation}: {message}"[:700],
            f"Mend the annotation {annotation}; until then the default holds.",
        )
        for annotation, message in bad
    ]


def advice(found: Found, *, needed: bool, keda: ScaledObject | None) -> list[Problem]:
    """Notes and problems of a managed workload as it was found."""
    workload = found.workload
    if workload is None:
        return []
    told = [
        _pods(workload),
        None if needed or any(door.routes for door in found.doors) else _no_route(workload),
        _probe(found, workload),
        _autoscaler(workload, found.autoscaler) if keda is None else _keda(workload, keda.ref),
        _gitops(workload),
    ]
    return [problem for problem in told if problem is not None]


def _no_route(workload: Workload) -> Problem:
    message = "it is managed, but nothing leads to it: no visit can wake it"
    return Problem(workload.ref, workload.app, Reason.WORKLOAD_WITHOUT_ROUTE, message, _ROUTE)


def _pods(workload: Workload) -> Problem | None:
    if workload.template_of:
        message = f"its pod template is that of {workload.template_of}: its ports and its probe are not known"
        fix = "Name the port in the Service by its number; readiness is told by a connection."
        return Problem(workload.ref, workload.app, Reason.NO_PODS, message, fix, note=True)
    if not workload.selector:
        message = "it does not say which pods are its own: neither spec.selector nor status.selector"
        fix = "Let its scale subresource have a labelSelectorPath of .status.selector, and its controller fill it."
        return Problem(workload.ref, workload.app, Reason.NO_PODS, message, fix)
    return None


def _probe(found: Found, workload: Workload) -> Problem | None:
    if isinstance(found.probe, Exec):
        message = "its readiness probe is a command, which only the kubelet can run: wakes wait for its next period"
        fix = "Use httpGet, tcpSocket or grpc, or set torpor.dev/ready-path; else keep periodSeconds at 1."
        return Problem(workload.ref, workload.app, Reason.EXEC_PROBE, message, fix, note=True)
    if found.probe is None and workload.templated:
        message = "it has no readiness probe: it counts as ready as soon as its port accepts a connection"
        fix = "Give it a readinessProbe, or set torpor.dev/ready-path."
        return Problem(workload.ref, workload.app, Reason.NO_PROBE, message, fix, note=True)
    return None


def _autoscaler(workload: Workload, autoscaler: Autoscaler | None) -> Problem | None:
    if autoscaler is None:
        return None
    message = f"{autoscaler.ref} scales it between {autoscaler.least} and {autoscaler.most}: a wake keeps to that"
    fix = "Nothing to do: while it sleeps, at 0, the autoscaler leaves it alone."
    return Problem(workload.ref, workload.app, Reason.AUTOSCALER, message, fix, note=True)


def _keda(workload: Workload, scaled: Ref) -> Problem:
    message = f"KEDA's {scaled} scales it too, and wakes it by itself: the two fight over spec.replicas"
    fix = f'Take the label {MANAGED} away (or set it to "false"), or delete the {scaled}.'
    return Problem(workload.ref, workload.app, Reason.KEDA, message, fix)


def _gitops(workload: Workload) -> Problem | None:
    owner = gitops_owner(workload)
    if owner is None:
        return None
    whose = f"{owner.tool} ({owner.source})" if owner.source else owner.tool
    if owner.holds_replicas:
        message = f"{whose} owns spec.replicas: it undoes every sleep"
    else:
        message = f"{whose} looks after it; as long as it says nothing of spec.replicas, both get along"
    return Problem(workload.ref, workload.app, Reason.GITOPS, message, owner.rule, note=not owner.holds_replicas)
