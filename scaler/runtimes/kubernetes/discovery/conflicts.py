"""Problems between objects: two that want the same route or the same name, needs that nobody meets or that go round."""

from collections.abc import Iterable

from scaler.runtimes.kubernetes.discovery.claims import Claim
from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.objects.workload import Workload
from torpor.words import AppId


def conflict_problem(claim: Claim, right: Claim) -> Problem:
    """The claim does not hold: somebody else's does."""
    route = str(claim.way)[:300]
    message = f"{route} leads elsewhere by {right.source}, which is older or comes first by name"
    fix = "Let each host and path stand in one object only, or remove the other."
    return Problem(claim.source, claim.app, Reason.ROUTE_CONFLICT, message, fix)


def same_name(workload: Workload, holder: Workload | None) -> list[Problem]:
    """A managed workload whose name stands for another app already."""
    if holder is None or not workload.managed:
        return []
    message = f"the app {workload.app} is {holder.ref} already: this one is left alone"
    fix = 'Rename one of the two, or opt one of them out with the label torpor.dev/managed: "false".'
    return [Problem(workload.ref, workload.app, Reason.SAME_NAME, message, fix)]


def need_problems(workload: Workload, unmet: Iterable[AppId], circle: Iterable[AppId]) -> list[Problem]:
    """Needs that are left out."""
    problems = []
    for need in unmet:
        message = f"torpor.dev/needs names {need}, and there is no such app"
        fix = "Correct the name (NAME or NAMESPACE/NAME), or opt that workload in with torpor.dev/managed."
        problems.append(Problem(workload.ref, workload.app, Reason.NEED_MISSING, message, fix))
    if around := sorted(circle):
        names = ", ".join(around[:10])
        message = f"torpor.dev/needs goes in a circle through {names}: the needs between these are left out"
        fix = "Take one of the needs away, so that there is a first app to be woken."
        problems.append(Problem(workload.ref, workload.app, Reason.NEED_CIRCLE, message, fix))
    return problems
