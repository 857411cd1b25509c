"""Torpor with rights in one namespace and, but for what is in none, nowhere else: what the chart makes of
`settings.kubernetes.namespaces`."""

from pathlib import Path

import pytest
import yaml

from tests.cluster.cli.conftest import User, served
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import SOON, Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.rights import in_one_namespace
from tests.cluster.torpor.running import Start

pytestmark = pytest.mark.timeout(300)


def test_they_are_enough_for_all_that_is_done_there_and_for_its_end(
    own_cluster: Cluster, namespace: Space, torpor: Start, tmp_path: Path
) -> None:
    namespace.apply(*app("web", replicas=2), *app("db", replicas=1), *app("never", replicas=1))
    namespace.patch("deployments", "never", {"metadata": {"annotations": {"torpor.dev/idle-timeout": "soon"}}})
    mark = own_cluster.audit.mark()
    settings = {"api": "0.0.0.0:0"}
    with torpor(settings, rights=in_one_namespace(namespace)) as running, served(running):
        user = User(running, tmp_path / "elsewhere")
        for name in ("web", "db"):
            running.sleep(name)
        assert running.visit("web.test")[0] == 200
        assert namespace.replicas("web") == 2
        assert user("logs", f"{namespace.name}/web").code == 0
        until(lambda: events(namespace) >= {"BadAnnotation", "Slept", "Woken"}, SOON, lambda: f"{events(namespace)}")

        said = user("doctor").out
        assert f"the ServiceAccount {namespace.name}/torpor-scaler has" in said
        assert ", all it needs" in said

        user.become("torpor-rouse")
        file = tmp_path / "torpor.yaml"
        file.write_text(yaml.safe_dump({"kubernetes": running.settings["kubernetes"]}))
        ended = user("rouse", "-f", str(file))
        assert ended.code == 0, ended.err
        assert namespace.replicas("db") == 1

        mine = {running.user, running.user.replace("scaler", "rouse")}
        calls = [call for call in own_cluster.audit.calls(since=mark) if call.user in mine]
        assert {call.user for call in calls} == mine
        assert [(call.verb, call.uri) for call in calls if call.status in (401, 403)] == []
        with pytest.raises(AssertionError, match="no"):
            own_cluster.kubectl("auth", "can-i", "patch", "deployments", "-n", "default", f"--as={running.user}")


def events(namespace: Space) -> set[str]:
    """Why something was told of an object."""
    return {str(event.get("reason")) for event in namespace.all("events")}
