import pytest

from torpor import yamlfile
from torpor.yamlfile import MAX_BYTES, Bounds, YamlError, read_documents, read_yaml


def mistakes(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(YamlError) as caught:
        read_yaml(text)
    return [(mistake.line, mistake.message) for mistake in caught.value.mistakes]


def test_every_place_has_its_line() -> None:
    document = read_yaml("a:\n  b:\n    - 1\n    - x\n")
    assert document.data == {"a": {"b": [1, "x"]}}
    assert document.line(("a", "b", 1)) == 4
    assert document.line(("a", "b", 1, "deeper")) == 4
    assert document.line(("nowhere",)) == 1


def test_a_key_that_is_there_twice_is_a_mistake() -> None:
    assert mistakes("a: 1\nb: 2\na: 3\n") == [(3, "'a' is here twice; the first is on line 1")]


def test_a_bomb_of_aliases_does_not_go_off() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too many aliases" in mistakes("\n".join(lines))[0][1]


def test_what_has_too_many_values_is_not_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    put_together: list[str] = []
    monkeypatch.setattr(yamlfile.yaml, "compose_all", lambda text, **_: put_together.append(text) or ())
    for text in (f"[{'a,' * 50}]", f"{{{'a: b,' * 50}}}", f"[&a x{', *a' * 50}]"):
        with pytest.raises(YamlError, match="too many"):
            read_documents(text, Bounds(nodes=20))
    assert not put_together


def test_keys_are_no_values_of_their_own() -> None:
    text = "".join(f"a{number}: b\n" for number in range(19))
    assert len(read_documents(text, Bounds(nodes=20))[0].data) == 19  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    ["a: [", "a: !!python/object:os.system x\nb: \x00", "[" * 10_000, "a: *b", "? [a]\n: b", "x" * (MAX_BYTES + 1)],
)
def test_what_is_not_plain_yaml_is_a_mistake(text: str) -> None:
    assert mistakes(text)


def test_a_tag_makes_no_object() -> None:
    assert mistakes("a: !!python/name:os.system ''") == [(1, "'' cannot be read")]


def test_dates_stay_text_and_an_empty_file_is_nothing() -> None:
    assert read_yaml("a: 2026-01-01").data == {"a": "2026-01-01"}
    assert read_yaml("").data is None
