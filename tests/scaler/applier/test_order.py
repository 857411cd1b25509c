"""One set in one allowed namespace, whoever says which."""

import pytest

from scaler.applier.errors import NotAllowed
from scaler.applier.manifests import read_manifests
from scaler.applier.order import Order, Wanted, wanted
from torpor.yamlfile import YamlError


def service(name: str, metadata: str = "") -> str:
    return f"apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\n{metadata}"


def want(*documents: str, allowed: tuple[str, ...] = ("review",), **more: str) -> Wanted:
    text = "---\n".join(documents)
    return wanted(Order(text, **more), read_manifests(text), allowed)  # type: ignore[arg-type]


def refused(*documents: str, allowed: tuple[str, ...] = ("review",), **more: str) -> str:
    with pytest.raises((YamlError, NotAllowed)) as caught:
        want(*documents, allowed=allowed, **more)
    error = caught.value
    return "; ".join(map(str, error.mistakes)) if isinstance(error, YamlError) else str(error)


def test_the_set_is_said_by_the_order_or_by_a_label() -> None:
    label = "  labels: {torpor.dev/set: pr-1}\n"
    assert str(want(service("a"), set="pr-1").set) == "review/pr-1"
    assert str(want(service("a", label), service("b")).set) == "review/pr-1"
    assert "document 1, line 5: the set is 'pr-1' here and 'pr-2' elsewhere" in refused(service("a", label), set="pr-2")
    assert "which set it is says --set" in refused(service("a"))
    assert "is no name of a set" in refused(service("a"), set="../x")


def test_the_namespace_is_one_of_those_allowed() -> None:
    inside = "  namespace: review\n"
    assert want(service("a", inside), set="x", allowed=("other", "review")).set.namespace == "review"
    assert want(service("a"), set="x", namespace="other", allowed=("other", "review")).set.namespace == "other"
    assert "which namespace it is" in refused(service("a"), set="x", allowed=("other", "review"))
    assert "line 5: the namespace is 'review' here and 'other'" in refused(
        service("a", inside), set="x", namespace="other"
    )
    assert "nothing may be applied in the namespace 'kube-system'" in refused(
        service("a"), set="x", namespace="kube-system"
    )
    assert "kubernetes.apply.namespaces names" in refused(service("a"), set="x", allowed=())


def test_a_set_may_say_when_it_expires_and_all_that_do_agree() -> None:
    soon, later = (f"  annotations: {{torpor.dev/expires-in: {period}}}\n" for period in ("72h", "3h"))
    assert want(service("a", soon), service("b"), set="x").expires
    assert not want(service("a"), set="x").expires
    assert "document 2, line 11: the time is '3h' here and '72h'" in refused(
        service("a", soon), service("b", later), set="x"
    )
    never = "  annotations: {torpor.dev/expires-in: 0s}\n"
    assert "document 1, line 5: torpor.dev/expires-in: 0 is not allowed" in refused(service("a", never), set="x")
    odd = "  annotations: {torpor.dev/expires-in: soon}\n"
    assert "'soon' is not a duration" in refused(service("a", odd), set="x")
