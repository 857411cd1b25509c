"""What discovery reports, as a doctor tells it: alike ones together, however many there are. Pure."""

from collections.abc import Iterable

from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from torpor.cli.findings import Finding, Grade

MOST = 10
"""Findings of one topic, where somebody reads them; programs are told all."""

TOPICS = {
    Reason.MALFORMED: "Objects that cannot be read",
    Reason.BAD_ANNOTATION: "Labels and annotations",
    Reason.ROUTE_NOT_SUPPORTED: "Routes that cannot be served",
    Reason.ROUTE_CONFLICT: "Two for one route",
    Reason.TWO_WORKLOADS: "Two for one route",
    Reason.SAME_NAME: "Two for one name",
    Reason.ROUTE_WITHOUT_BACKEND: "Routes that lead nowhere",
    Reason.ROUTE_WITHOUT_WORKLOAD: "Routes that lead nowhere",
    Reason.NOT_GRANTED: "Routes that lead nowhere",
    Reason.SERVICE_MISSING: "Routes that lead nowhere",
    Reason.PORT_MISSING: "Routes that lead nowhere",
    Reason.NO_ENDPOINTS: "Routes that lead nowhere",
    Reason.EXTERNAL_NAME: "Routes that lead nowhere",
    Reason.WORKLOAD_WITHOUT_ROUTE: "Workloads that no visit can wake",
    Reason.NOT_MANAGED: "Workloads that are not looked after",
    Reason.LEFT_ASLEEP: "Workloads that are not looked after",
    Reason.NEED_MISSING: "Needs",
    Reason.NEED_CIRCLE: "Needs",
    Reason.NO_PODS: "Readiness",
    Reason.NO_PROBE: "Readiness",
    Reason.EXEC_PROBE: "Readiness",
    Reason.AUTOSCALER: "Others that scale",
    Reason.KEDA: "Others that scale",
    Reason.GITOPS: "GitOps",
}
"""In the order in which they are told; a reason without one comes last."""
REST = "Besides"


def findings(problems: Iterable[Problem], *, whole: bool = False) -> list[Finding]:
    """By topic, what is wrong first; the same of several objects is one finding. `whole` leaves nothing out."""
    alike: dict[tuple[str, Grade, str, str], list[str]] = {}
    for problem in problems:
        grade = Grade.NOTE if problem.note else Grade.WRONG
        key = (TOPICS.get(problem.reason, REST), grade, problem.message, problem.fix)
        alike.setdefault(key, []).append(str(problem.about))
    by_topic: dict[str, list[Finding]] = {topic: [] for topic in (*dict.fromkeys(TOPICS.values()), REST)}
    for (topic, grade, message, fix), about in alike.items():
        by_topic[topic].append(Finding(grade, message, fix, topic, tuple(sorted(about))))
    told: list[Finding] = []
    for topic, found in by_topic.items():
        found.sort(key=lambda one: (one.grade is not Grade.WRONG, one.about))
        told += found if whole else _bounded(topic, found)
    return told


def _bounded(topic: str, found: list[Finding]) -> list[Finding]:
    if len(found) <= MOST:
        return found
    first, rest = found[: MOST - 1], found[MOST - 1 :]
    grade = min((one.grade for one in rest), key=lambda grade: grade is not Grade.WRONG)
    return [
        *first,
        Finding(grade, f"and {len(rest)} more of this sort", "`torpor doctor --json` names them all", topic),
    ]
