"""The rights that the chart gives a Torpor that looks after one namespace alone, for one that is a test's own."""

from typing import Any

import yaml

from tests.charts.rendering import rendered
from tests.cluster.rig.space import Space

KINDS = {"ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}

type Tree = dict[str, Any]


def in_one_namespace(space: Space) -> list[Tree]:
    """Those of `torpor rouse` too, which is a hook's. Torpor itself is in there as well; what is in no namespace has a
    name of its own."""
    made = rendered(settings__kubernetes={"namespaces": [space.name]})
    text = yaml.safe_dump_all(each for each in made if each["kind"] in KINDS)
    found = list(yaml.safe_load_all(text.replace("namespace: torpor\n", f"namespace: {space.name}\n")))
    for each in found:
        if each["kind"].startswith("Cluster"):
            each["metadata"]["name"] = f"torpor-test-{space.name}"
            if "roleRef" in each:
                each["roleRef"]["name"] = each["metadata"]["name"]
    return found
