from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.discovery.labels import ByLabels, BySelector

_PAIRS = st.dictionaries(st.sampled_from("abc"), st.sampled_from("xy"), max_size=3)
_CHANGES = st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["n", "m"]), st.none() | _PAIRS), max_size=20)


@given(_CHANGES, _PAIRS)
def test_both_ways_of_finding_say_the_same_as_looking_at_everything(
    changes: list[tuple[int, str, dict[str, str] | None]], asked: dict[str, str]
) -> None:
    labels: ByLabels[int] = ByLabels()
    selectors: BySelector[int] = BySelector()
    known: dict[int, tuple[str, dict[str, str]]] = {}
    for thing, namespace, pairs in changes:
        known.pop(thing, None)
        if pairs is None:
            labels.remove(thing)
            selectors.remove(thing)
        else:
            labels.put(thing, namespace, pairs)
            selectors.put(thing, namespace, pairs)
            known[thing] = namespace, pairs
    having = {t for t, (n, pairs) in known.items() if n == "n" and asked and asked.items() <= pairs.items()}
    selecting = {t for t, (n, pairs) in known.items() if n == "n" and pairs.items() <= asked.items()}
    assert set(labels.having("n", asked)) == having
    assert sorted(selectors.selecting("n", asked)) == sorted(selecting)
