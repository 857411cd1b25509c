"""Manifests are data: what is wrong with them has a document and a line, and how much there is has a bound."""

import pytest

from scaler.applier.manifests import BOUNDS, LARGEST, read_manifests
from torpor.yamlfile import Mistake, YamlError

WEB = """apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web}
spec: {replicas: 2}
status: {replicas: 7}
"""


def mistakes(text: str) -> list[Mistake]:
    with pytest.raises(YamlError) as caught:
        read_manifests(text)
    return caught.value.mistakes


def first(text: str) -> str:
    return str(mistakes(text)[0])


def test_each_document_is_an_object_with_its_number_and_line() -> None:
    one, two = read_manifests(f"# first\n---\n{WEB}---\n---\napiVersion: v1\nkind: Service\nmetadata: {{name: web}}\n")
    assert (one.number, one.line, one.api_version, one.kind, one.name) == (1, 3, "apps/v1", "Deployment", "web")
    assert (two.number, two.line, two.kind) == (3, 12, "Service")
    assert one.labels == {"app": "web"}
    assert "status" not in one.body


def test_json_is_taken_and_what_tools_write_without_meaning_it_is_left_out() -> None:
    text = '{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "creationTimestamp": null}}'
    (one,) = read_manifests(text)
    assert one.body["metadata"] == {"name": "web"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no object in it"),
        ("---\n- 1\n", "document 1, line 2: an object has to be here, with apiVersion, kind and metadata"),
        (f"{WEB}---\na: [\n", "document 2, line 9: not YAML: did not find expected node content"),
        (f"{WEB}---\na: 1\na: 2\n", "document 2, line 10: 'a' is here twice; the first is on line 9"),
        (WEB.replace("apps/v1", "a/b/c"), "document 1, line 1: apiVersion is not one; it is such as apps/v1"),
        ("kind: Service\nmetadata: {name: x}\n", "document 1, line 1: apiVersion is missing"),
        ("apiVersion: v1\nkind: List\nmetadata: {name: x}\n", "document 1, line 2: a List is not taken"),
        ("apiVersion: v1\nkind: Service\n", "document 1, line 1: metadata is missing"),
        (WEB.replace("name: web", "name: 1"), "document 1, line 4: metadata.name is no name"),
        (WEB.replace("name: web", "generateName: web-"), "document 1, line 3: metadata.name is missing"),
        (WEB.replace("labels", "resourceVersion"), "document 1, line 5: metadata.resourceVersion is not a manifest's"),
        (WEB.replace("app: web", "app: 1"), "document 1, line 5: the value of app has to be text: quote it"),
        (WEB.replace("{app: web}", "[app]"), "document 1, line 5: metadata.labels has to be names with their values"),
        (WEB.replace("labels: {app: web}", "namespace: A/B"), "document 1, line 5: metadata.namespace is no"),
        (f"{WEB}---\n{WEB}", "document 2, line 9: Deployment web is here twice; the first is document 1, line 1"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, said: str) -> None:
    assert first(text).startswith(said)


def test_every_mistake_is_told_at_once() -> None:
    assert len(mistakes("kind: 1\n---\nkind: 2\n")) == 6


def test_bombs_of_size_depth_aliases_and_number_do_not_go_off() -> None:
    lines = ["a0: &a0 [x,x,x,x,x,x,x,x,x,x]"]
    lines += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too many aliases" in first("\n".join(lines))
    assert "too deep" in first("[" * 1_000_000)
    assert "too deep" in first("a:\n" + "- " * 500_000)
    assert "larger than 1 MiB" in first("x" * (LARGEST + 1))
    assert f"not more than {BOUNDS.documents} documents" in first("---\na: 1\n" * 200)


def test_aliases_are_data_like_any_other() -> None:
    (one,) = read_manifests(f"{WEB}more: &m {{a: 1}}\nagain: *m\n")
    assert one.body["again"] == {"a": 1}
