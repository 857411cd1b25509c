"""What the chart lets Torpor do: in the whole cluster, or in the namespaces that alone are looked after."""

from typing import Any

import pytest

from scaler.runtimes.kubernetes.wanted import ALWAYS, PERHAPS
from tests.charts.rendering import one, rendered
from tests.torpor.cli.kubernetes.test_permissions import granted_by
from torpor.cli.kubernetes.permissions import Permission, needed

READ = [*ALWAYS, *(versions[0] for versions in PERHAPS)]
LEASE = ("coordination.k8s.io", "leases", "torpor", "torpor-scaler")

type Tree = dict[str, Any]


@pytest.mark.parametrize("namespaces", [[], ["shop"], ["shop", "lab", "shop"], ["torpor", "shop"]])
def test_a_scaler_may_what_it_needs_and_nothing_else(namespaces: list[str]) -> None:
    made = rendered(settings__kubernetes={"namespaces": namespaces})
    assert granted(made, "torpor-scaler") == set(needed(READ, "torpor", tuple(namespaces)))


@pytest.mark.parametrize("namespaces", [[], ["shop"], ["torpor", "shop"]])
def test_an_uninstall_may_wake_those_that_are_looked_after(namespaces: list[str]) -> None:
    kinds = ("deployments", "statefulsets")
    made = rendered(settings__kubernetes={"namespaces": namespaces})
    assert granted(made, "torpor-rouse") == {
        *(Permission(verb, *LEASE) for verb in ("get", "patch")),
        *(Permission("list", "apps", kind, place) for kind in kinds for place in namespaces or [""]),
        *(Permission("patch", "apps", f"{kind}/scale", place) for kind in kinds for place in namespaces or [""]),
    }


def test_in_some_namespaces_there_are_the_rules_for_other_kinds_too() -> None:
    made = rendered(settings__kubernetes={"namespaces": ["shop"], "scalable": ["rollouts.argoproj.io"]})
    scale = Permission("patch", "argoproj.io", "rollouts/scale", "shop")
    assert {scale, scale._replace(verb="get", resource="rollouts")} <= granted(made, "torpor-scaler")
    assert {scale, scale._replace(verb="list", resource="rollouts")} <= granted(made, "torpor-rouse")


def granted(objects: list[Tree], account: str) -> set[Permission]:
    """By all roles that are bound to this ServiceAccount of Torpor's namespace, each where it is bound."""
    wanted = [{"kind": "ServiceAccount", "name": account, "namespace": "torpor"}]
    bound = [each for each in objects if each["kind"].endswith("Binding") and each["subjects"] == wanted]
    assert one(objects, "ServiceAccount", account)["metadata"]["namespace"] == "torpor"
    found: set[Permission] = set()
    for binding in bound:
        (role,) = (each for each in objects if _names(binding, each))
        found |= set(granted_by(role))
    return found


def _names(binding: Tree, role: Tree) -> bool:
    about = binding["roleRef"]
    same_place = role["metadata"].get("namespace") == binding["metadata"].get("namespace")
    return (role["kind"], role["metadata"]["name"]) == (about["kind"], about["name"]) and same_place
