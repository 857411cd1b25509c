"""What a scaler needs, and how what it lacks is told."""

from pathlib import Path
from typing import Any

import yaml

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.wanted import ALWAYS, PERHAPS
from torpor.apply_settings import ApplySettings
from torpor.cli.kubernetes import headroom
from torpor.cli.kubernetes.permissions import Permission, applied, needed, rules
from torpor.headroom_settings import HeadroomSettings

ROLLOUTS = Kind("argoproj.io", "v1alpha1", "rollouts", "Rollout")

EXAMPLES = Path(__file__).resolve().parents[4] / "examples" / "kubernetes"


def test_it_is_what_the_example_grants_and_nothing_else() -> None:
    wanted = needed([*ALWAYS, *(versions[0] for versions in PERHAPS)], "torpor")
    assert granted("rbac.yaml") == set(wanted)


def test_headroom_takes_what_its_own_example_grants_and_nothing_else() -> None:
    assert granted("headroom.yaml") == set(headroom.permissions(HeadroomSettings(), "torpor"))


def granted(name: str) -> set[Permission]:
    found: set[Permission] = set()
    for document in yaml.safe_load_all((EXAMPLES / name).read_text()):
        if document["kind"] in ("Role", "ClusterRole"):
            found |= set(granted_by(document))
    return found


def test_so_does_applying() -> None:
    split = (name.partition(".") for name in ApplySettings().kinds)
    named = [Kind(group, "v1", plural, "") for plural, _, group in split]
    assert granted("apply.yaml") == set(applied(named, ["review"]))


def granted_by(role: dict[str, Any]) -> list[Permission]:
    return [
        Permission(verb, group, resource, role["metadata"].get("namespace", ""), name)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for name in rule.get("resourceNames", [""])
        for verb in rule["verbs"]
    ]


def test_only_workloads_are_changed_and_only_leases_and_events_are_made() -> None:
    wanted = needed([kinds.NAMESPACES, kinds.DEPLOYMENTS, kinds.INGRESSES, *kinds.HTTP_ROUTES[:1], ROLLOUTS], "torpor")
    changed = {(one.verb, one.resource) for one in wanted if one.verb not in ("get", "list", "watch")}
    assert changed == {
        *(("patch", resource) for resource in ("deployments", "deployments/scale", "rollouts", "rollouts/scale")),
        *(("create", resource) for resource in ("events", "leases", "tokenreviews")),
        *(("patch", resource) for resource in ("events", "leases")),
    }
    assert {one.namespace for one in wanted if one.resource == "leases"} == {"torpor"}
    assert {one.namespace for one in wanted if one.resource != "leases"} == {""}


def test_nothing_is_needed_twice() -> None:
    wanted = needed([kinds.NAMESPACES, kinds.DEPLOYMENTS, kinds.SERVICES], "torpor")
    assert len(wanted) == len(set(wanted))


def test_in_some_namespaces_only_what_has_none_is_needed_everywhere() -> None:
    wanted = needed([kinds.NAMESPACES, kinds.DEPLOYMENTS], "torpor", ("shop", "lab"))
    everywhere = {one.resource for one in wanted if not one.namespace}
    assert everywhere == {"namespaces", "nodes", "tokenreviews"}
    assert {one.namespace for one in wanted if one.resource == "deployments/scale"} == {"shop", "lab"}


def test_what_is_missing_is_told_as_rules_to_paste() -> None:
    lacks = [
        Permission("list", "", "pods"),
        Permission("watch", "", "pods"),
        Permission("patch", "apps", "deployments/scale", "shop"),
        Permission("get", "coordination.k8s.io", "leases", "lab", "x"),
    ]
    assert rules(lacks) == [
        '- {apiGroups: [""], resources: [pods], verbs: [list, watch]}',
        '- {apiGroups: ["apps"], resources: [deployments/scale], verbs: [patch]}  # in shop',
        '- {apiGroups: ["coordination.k8s.io"], resources: [leases], resourceNames: [x], verbs: [get]}  # in lab',
    ]
