"""What discovery reports, told so that somebody reads it to the end."""

from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Problem, Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.objects.reading import Ref
from tests.scaler.runtimes.kubernetes.cluster_objects import DEPLOYMENTS, annotated, deployment
from torpor.cli.findings import Grade
from torpor.cli.kubernetes.problems import MOST, REST, TOPICS, findings


def problem(name: str, reason: Reason = Reason.NO_PROBE, message: str = "none", *, note: bool = True) -> Problem:
    ref = Ref("apps", "v1", "deployments", "Deployment", "shop", name)
    return Problem(ref, f"shop/{name}", reason, message, "mend it", note)


def test_the_same_of_many_objects_is_one_finding() -> None:
    [found] = findings(problem(f"a{number}") for number in range(2000))
    assert (found.grade, found.text, found.fix, len(found.about)) == (Grade.NOTE, "none", "mend it", 2000)
    assert found.about[0] == "Deployment shop/a0"


def test_what_differs_is_bounded_by_topic_and_says_how_much_is_left_out() -> None:
    many = [problem(f"a{number}", message=f"no. {number}") for number in range(500)]
    found = findings(many)
    assert len(found) == MOST
    assert found[-1].text == f"and {500 - MOST + 1} more of this sort"
    assert len(findings(many, whole=True)) == 500


def test_what_is_wrong_is_told_before_notes_and_never_left_out_as_one() -> None:
    notes = [problem(f"a{number}", message=f"no. {number}") for number in range(MOST)]
    wrong = [problem(f"b{number}", Reason.NO_PODS, f"no. {number}", note=False) for number in range(MOST)]
    found = findings([*notes, *wrong])
    assert [one.grade for one in found] == [Grade.WRONG] * MOST
    assert {one.topic for one in found} == {"Readiness"}


def test_topics_stand_in_one_order_and_a_reason_without_one_comes_last() -> None:
    found = findings([problem("a", Reason.MORE), problem("a", Reason.GITOPS), problem("a", Reason.BAD_ANNOTATION)])
    assert [one.topic for one in found] == ["Labels and annotations", "GitOps", REST]


def test_every_reason_has_a_topic() -> None:
    assert set(TOPICS) == set(Reason) - {Reason.MORE}


def test_what_was_left_asleep_is_told_with_the_command_that_brings_it_back() -> None:
    discovery = Discovery(Serve(), Defaults())
    asleep = annotated(replicas="3", phase="asleep")
    discovery.put(DEPLOYMENTS, deployment(annotations=asleep, replicas=0, managed=None))
    (found,) = findings(discovery.problems)
    assert (found.grade, found.topic) == (Grade.WRONG, TOPICS[Reason.LEFT_ASLEEP])
    assert found.fix == "kubectl --namespace shop scale deployments/web --replicas=3"
