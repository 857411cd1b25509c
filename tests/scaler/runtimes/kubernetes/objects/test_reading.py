import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.objects.reading import Malformed, Ref, entries, fields, port, read_meta, said


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (80, 80),
        ("80", 80),
        ("http", "http"),
        (0, None),
        (65536, None),
        ("", None),
        (True, None),
        ("a b", None),
        (1.5, None),
    ],
)
def test_a_port_is_a_number_or_a_name(written: object, read: int | str | None) -> None:
    assert port(written) == read


def test_what_is_absent_is_empty_and_what_is_of_another_shape_is_malformed() -> None:
    assert (fields(None), entries(None), said(None, "x")) == ({}, [], "x")
    for read in (fields, entries, said):
        with pytest.raises(Malformed):
            read(5)


def test_an_object_without_a_time_counts_as_the_youngest() -> None:
    assert read_meta({"metadata": {"name": "a"}}).created > "2026-01-01T00:00:00Z"


def test_a_reference_reads_as_people_say_it() -> None:
    assert str(Ref("apps", "v1", "deployments", "Deployment", "shop", "web")) == "Deployment shop/web"
    assert str(Ref("", "v1", "namespaces", "Namespace", "", "shop")) == "Namespace shop"


@given(st.text(max_size=10))
def test_a_name_that_could_be_taken_for_something_else_is_none(name: str) -> None:
    try:
        read = read_meta({"metadata": {"name": name}}).name
    except Malformed:
        return
    assert not set(read) & set("/~: \n%")
