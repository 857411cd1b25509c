"""The chart as it comes is what examples/kubernetes says, which the tests run to the letter."""

from typing import Any

import pytest
import yaml

from tests.charts.rendering import ROOT, rendered

EXAMPLES = ROOT / "examples" / "kubernetes"
MORE_RIGHTS: dict[str, dict[str, Any]] = {
    "apply.yaml": {"apply": {"namespaces": ["review"]}},
    "headroom.yaml": {"headroom": {"count": 1}},
}
"""Examples of what is off by itself, and the settings that turn it on."""
BY_THE_CHART = {"PriorityClass", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}
"""What of them the chart makes: who applies is not its business."""
MORE = {"app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by", "helm.sh/chart"}
"""The labels that charts have beside those of the examples."""
ONLY = {"torpor.dev/settings", "imagePullPolicy"}
"""By the first pods follow their settings; the other is what Kubernetes does by itself."""
OURS = {"app.kubernetes.io/name", "app.kubernetes.io/component"}

type Tree = dict[str, Any]
type Key = tuple[str, str]


@pytest.fixture(scope="module")
def chart() -> dict[Key, Tree]:
    return by_name(each for each in rendered(image__tag="dev") if not hook(each))


@pytest.fixture(scope="module")
def examples() -> dict[Key, Tree]:
    files = (EXAMPLES / "rbac.yaml", EXAMPLES / "torpor.yaml")
    return by_name(each for file in files for each in yaml.safe_load_all(file.read_text()))


def test_the_chart_has_what_the_examples_have(chart: dict[Key, Tree], examples: dict[Key, Tree]) -> None:
    there = {key for key in chart if "dashboard" not in key[1]}
    assert examples.keys() - there == {("Namespace", "torpor")}, "helm makes it: --create-namespace"
    assert there - examples.keys() == set()


def test_the_rights_are_the_same(chart: dict[Key, Tree], examples: dict[Key, Tree]) -> None:
    for key, example in examples.items():
        if "Role" in key[0] or key[0] == "ServiceAccount":
            assert plain(chart[key]) == plain(example), (
                f"{key}: see charts/torpor/rbac and examples/kubernetes/rbac.yaml"
            )


def test_all_else_is_the_same(chart: dict[Key, Tree], examples: dict[Key, Tree]) -> None:
    for key, example in examples.items():
        if key[0] not in ("Namespace", "ConfigMap"):
            assert plain(chart[key]) == plain(example), key


def test_the_settings_are_the_same_but_for_a_default_that_is_spelt_out(
    chart: dict[Key, Tree], examples: dict[Key, Tree]
) -> None:
    made, example = (yaml.safe_load(each["ConfigMap", "torpor"]["data"]["torpor.yaml"]) for each in (chart, examples))
    assert made.pop("idle_timeout") == "5m"
    assert made == example


def test_what_is_turned_on_by_settings_brings_what_its_example_has(chart: dict[Key, Tree]) -> None:
    for name, kubernetes in MORE_RIGHTS.items():
        if (EXAMPLES / name).exists():
            compare(name, by_name(each for each in rendered(settings__kubernetes=kubernetes) if not hook(each)), chart)


def compare(name: str, made: dict[Key, Tree], chart: dict[Key, Tree]) -> None:
    there = by_name(each for each in yaml.safe_load_all((EXAMPLES / name).read_text()) if each["kind"] in BY_THE_CHART)
    assert made.keys() - chart.keys() == there.keys()
    for key, example in there.items():
        assert plain(made[key]) == plain(example), f"{key}: see charts/torpor/rbac and examples/kubernetes/{name}"


def by_name(objects: Any) -> dict[Key, Tree]:
    return {(each["kind"], each["metadata"]["name"]): each for each in objects}


def hook(each: Tree) -> bool:
    return "helm.sh/hook" in each["metadata"].get("annotations", {})


def plain(value: Any) -> Any:
    """Without what only a chart has."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() & OURS and value.keys() <= OURS | MORE:
        return {key: each for key, each in value.items() if key in OURS}
    kept = {key: plain(each) for key, each in value.items() if key not in ONLY}
    if kept.get("annotations") == {}:
        del kept["annotations"]
    if "metadata" in kept and "kind" in kept and kept["kind"] not in ("Deployment", "StatefulSet"):
        kept["metadata"] = {key: each for key, each in kept["metadata"].items() if key != "labels"}
    return kept


def test_what_is_compared_is_not_made_equal_by_the_comparison() -> None:
    assert plain({"labels": {"app.kubernetes.io/name": "a"}}) != plain({"labels": {"app.kubernetes.io/name": "b"}})
    assert plain({"a": {"labels": {"team": "x"}}}) != plain({"a": {"labels": {}}})
