"""A sleeping workload goes on sleeping whatever its manifest says, and no count is lost by leaving it out."""

import pytest

from scaler.applier.replicas import Count, Live, count, is_memory, said_count
from scaler.runtimes.kubernetes.objects.remembered import Remembered
from torpor.words import Phase

SLEPT = Remembered(2, None, Phase.ASLEEP)
WOKEN = Remembered(2, None, Phase.AWAKE)


def test_a_new_one_has_what_its_manifest_says() -> None:
    assert count(3, None, managed=True) == Count(3, None)
    assert count(None, None, managed=True) == Count(None, None)


def test_while_it_sleeps_the_count_is_remembered_and_nothing_is_scaled() -> None:
    assert count(3, Live(0, SLEPT), managed=True) == Count(None, 3, asleep=True)
    assert count(None, Live(0, SLEPT), managed=True) == Count(None, 2, asleep=True)
    assert count(0, Live(0, SLEPT), managed=True) == Count(None, 2, asleep=True)
    assert count(None, Live(0, Remembered()), managed=True) == Count(None, None, asleep=True)


def test_one_that_somebody_else_has_scaled_to_nothing_is_not_woken_either() -> None:
    assert count(3, Live(0, WOKEN), managed=True) == Count(None, 3, asleep=True)


def test_a_count_that_is_ours_is_said_again_for_leaving_it_out_would_make_it_one() -> None:
    assert count(3, Live(0, SLEPT, owned=True), managed=True) == Count(0, 3, asleep=True)
    assert count(None, Live(4, WOKEN, owned=True), managed=True) == Count(4, None)
    assert count(None, Live(4, WOKEN), managed=True) == Count(None, None)


def test_what_is_remembered_and_ours_is_said_again_for_a_sleep_may_be_under_way() -> None:
    assert count(4, Live(2, SLEPT, owned_memory=True), managed=True) == Count(4, 2)
    assert count(None, Live(2, SLEPT, owned_memory=True), managed=True) == Count(None, 2)


def test_awake_the_count_is_the_manifests() -> None:
    assert count(3, Live(2, WOKEN), managed=True) == Count(3, None)
    assert count(0, Live(2, WOKEN), managed=True) == Count(0, None)


def test_one_that_is_not_managed_is_scaled_as_its_manifest_says() -> None:
    assert count(3, Live(0, Remembered()), managed=False) == Count(3, None)


def test_one_that_was_put_to_sleep_and_is_managed_no_more_is_given_back_what_it_had() -> None:
    assert count(None, Live(0, SLEPT), managed=False) == Count(2, None)
    assert count(5, Live(0, SLEPT), managed=False) == Count(5, None)
    assert count(None, Live(0, Remembered(None, None, Phase.ASLEEP)), managed=False) == Count(1, None)


@pytest.mark.parametrize(
    ("spec", "said"),
    [({"replicas": 2}, 2), ({"replicas": 0}, 0), ({}, None), (None, None), ({"replicas": True}, None)]
    + [({"replicas": replicas}, None) for replicas in (-1, "2", 1.5, 10**9)],
)
def test_a_count_is_read_with_care(spec: object, said: int | None) -> None:
    assert said_count(spec) == said


def test_fields_of_the_memory_are_known() -> None:
    assert is_memory(".spec.replicas")
    assert is_memory(".metadata.annotations.torpor.dev/replicas")
    assert not is_memory(".spec.template")
