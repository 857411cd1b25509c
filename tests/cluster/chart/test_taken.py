"""The API server takes all that the chart can make of its values, to the letter."""

import re
from pathlib import Path

import pytest
import yaml

from tests.charts.rendering import VALUES, rendered
from tests.cluster.rig import definitions
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space

KINDS = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")


def test_an_api_server_takes_it_with_every_file_of_values(control_plane: Cluster) -> None:
    with Space.made(control_plane, "taken") as space, definitions.monitoring(control_plane):
        for values in VALUES:
            taken(space, values)


def taken(space: Space, values: Path) -> None:
    made = rendered(values, kinds=KINDS)
    text = re.sub(r"(?m)^( *namespace:) \S+$", rf"\1 {space.name}", yaml.safe_dump_all(made))
    said = space.cluster.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", told=text)
    assert len(said.splitlines()) == len(made), values.name
    assert "Warning" not in said


@pytest.mark.parametrize("broken", ["kind: Deploymend", "replicas: two"])
def test_it_would_refuse_what_is_wrong(control_plane: Cluster, broken: str) -> None:
    right = broken.replace("Deploymend", "Deployment").replace("two", "2")
    text = yaml.safe_dump_all(rendered())
    assert right in text
    with Space.made(control_plane, "refused") as space:
        there = text.replace("namespace: torpor\n", f"namespace: {space.name}\n").replace(right, broken)
        with pytest.raises(AssertionError):
            control_plane.kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", told=there)
