"""Which commands turn the certificates that HAProxy holds into those that it should hold."""

from collections.abc import Callable

import pytest

from proxy.haproxy.crt_list import (
    DEFAULT,
    LIST,
    Holds,
    Step,
    default_of,
    files,
    holds,
    label,
    label_of,
    name_of,
    steps,
)
from proxy.haproxy.pem import Certificate, read_certificate
from tests.certificates import Authority

AUTHORITY = Authority()
A, B, NEW_A = (read_certificate(AUTHORITY.make(f"{name}.test").pem) for name in "aba")
NOTHING = Holds(frozenset(), frozenset(), "")


def of(**certificates: Certificate) -> dict[str, Certificate]:
    return {f"{name}.pem": certificate for name, certificate in certificates.items()}


def having(**certificates: Certificate) -> Holds:
    names = frozenset({DEFAULT, *(name_of(source, one) for source, one in of(**certificates).items())})
    return Holds(names, names, "")


def plan(
    now: Holds,
    wanted: dict[str, Certificate],
    default: Certificate | None = None,
    stays: Callable[[str], bool] = lambda name: False,
) -> list[Step]:
    return list(steps(now, wanted, default, stays))


def words(step: Step) -> list[str]:
    return [command.partition(" <<")[0] for command, _ in step.exchanges]


def test_what_is_held_and_wanted_needs_nothing() -> None:
    assert plan(having(a=A, b=B), of(a=A, b=B)) == []


def test_a_new_one_is_filled_before_it_is_shown() -> None:
    [step] = plan(having(a=A), of(a=A, b=B))
    name = name_of("b.pem", B)
    assert words(step) == [
        f"new ssl cert {name}; set ssl cert {name}",
        f"commit ssl cert {name}; add ssl crt-list {LIST} {name}",
    ]
    assert step.exchanges[0][0].endswith(f"<<\n{B.pem}")


def test_a_changed_one_comes_before_the_old_one_goes() -> None:
    added, removed = plan(having(a=A), of(a=NEW_A))
    old = name_of("a.pem", A)
    assert added.name == name_of("a.pem", NEW_A)
    assert words(removed) == [f"del ssl crt-list {LIST} {old}; del ssl cert {old}"]


def test_one_whose_successor_is_broken_stays() -> None:
    assert plan(having(a=A, b=B), of(b=B), stays=lambda name: label_of(name) == label("a.pem")) == []


def test_the_default_is_given_other_contents_after_the_new_ones_and_before_the_old_ones() -> None:
    names = [step.name for step in plan(having(a=A), of(b=B), default=B)]
    assert names == [name_of("b.pem", B), DEFAULT, name_of("a.pem", A)]


def test_what_somebody_has_left_half_done_is_cleared_away() -> None:
    half, stray = name_of("a.pem", A), name_of("b.pem", B)
    said = f"# transaction\n*{half}\n# filename\n{half}\n{stray}\n{DEFAULT}\n\n"
    now = holds(said, f"# {LIST}\n{DEFAULT} default.torpor.invalid\n\n")
    assert now == Holds(frozenset({half, stray, DEFAULT}), frozenset({DEFAULT}), half)
    aborted, added, removed = plan(now, of(a=A))
    assert words(aborted) == [f"abort ssl cert {half}"]
    assert words(added)[0] == f"set ssl cert {half}"
    assert words(removed) == [f"del ssl cert {stray}"]


def test_an_haproxy_that_starts_reads_a_list_that_begins_with_the_default() -> None:
    made = files(of(a=A, b=B))
    first, *more = made[LIST].splitlines()
    assert first == f"{DEFAULT} default.torpor.invalid"
    assert {*more, DEFAULT, LIST} == made.keys()
    assert made[DEFAULT] == A.pem
    assert plan(holds("\n".join(made), made[LIST]), of(a=A, b=B)) == []


def test_the_default_is_the_one_that_is_called_so_or_else_the_first_by_name() -> None:
    assert default_of(of(b=B, a=A)) == A
    assert default_of(of(a=A, default=B)) == B
    assert default_of({"a.pem": A, "default.crt": B}) == B


@pytest.mark.parametrize(
    "source", ["a.pem", "shop/tls.crt", "a b.pem", "a~b.pem", "x" * 300 + ".pem", "ä.pem", "a\n.pem"]
)
def test_a_name_in_haproxy_tells_its_file_and_is_one_word(source: str) -> None:
    name = name_of(source, A)
    assert label_of(name) == label(source)
    assert name.isascii()
    assert len(name) < 200
    assert not {*name} & {*" ;\\\n<#[]"}
    assert len({label(one) for one in (source, "shop~tls.crt", "other.pem")}) == 3


def test_a_folders_label_begins_those_of_its_files() -> None:
    assert label("shop/tls.crt").startswith(label("shop/"))
    assert label_of("certificates/default.pem") == ""
