"""Whether somebody else has scaled a workload."""

import dataclasses

import pytest

from scaler.runtimes.kubernetes.api.kinds import DEPLOYMENTS
from scaler.runtimes.kubernetes.hands import Hand, Last, look
from scaler.runtimes.kubernetes.objects.workload import Workload, read_workload


def workload(replicas: int, *, generation: int = 1, image: str = "one") -> Workload:
    return read_workload(
        DEPLOYMENTS,
        {
            "metadata": {"name": "web", "namespace": "shop", "generation": generation},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [{"name": "app", "image": image}]}}},
        },
    )


def last(seen: Workload) -> Last:
    return Last(seen.replicas, seen.template)


@pytest.mark.parametrize(
    ("before", "after", "hand"),
    [
        (workload(0), workload(0), Hand.NOTHING),
        (workload(2), workload(3), Hand.NOTHING),
        (workload(0), workload(3), Hand.UP),
        (workload(3), workload(0), Hand.DOWN),
        (workload(0), workload(3, image="two"), Hand.DEPLOYED),
        (workload(0), workload(0, image="two"), Hand.NOTHING),
        (workload(3), workload(3, image="two"), Hand.NOTHING),
        (workload(3), workload(0, image="two"), Hand.DOWN),
    ],
)
def test_what_somebody_has_done(before: Workload, after: Workload, hand: Hand) -> None:
    found, known = look(last(before), after)

    assert found is hand
    assert known == last(after)


def test_what_is_older_than_our_own_write_says_nothing() -> None:
    ours = last(workload(2)).wrote(0, generation=7)

    assert look(ours, workload(2, generation=5)) == (Hand.NOTHING, ours)
    assert look(ours, workload(2, generation=6)) == (Hand.NOTHING, ours)


def test_our_own_write_that_comes_back_is_nobody_elses() -> None:
    ours = last(workload(2)).wrote(0, generation=7)

    hand, known = look(ours, workload(0, generation=7))

    assert hand is Hand.NOTHING
    assert look(known, workload(2, generation=8))[0] is Hand.UP


def test_a_revision_that_came_while_it_slept_is_known_when_it_is_scaled_later() -> None:
    ours = last(workload(2)).wrote(0, generation=7)
    _, known = look(ours, workload(0, generation=8, image="two"))

    assert look(known, workload(1, generation=9, image="two"))[0] is Hand.UP


def test_workloads_of_one_template_are_told_apart_by_nothing_else() -> None:
    assert workload(0).template == dataclasses.replace(workload(5)).template
    assert workload(0).template != workload(0, image="two").template
