"""A review app of three objects on a real API server: deployed, redeployed and pruned while it sleeps, and deleted."""

import pytest

from tests.cluster.applier.conftest import TOKEN, Deployer, Tree, missing
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app, ingress
from tests.cluster.torpor.running import SOON

pytestmark = pytest.mark.timeout(300)


def test_it_is_deployed_redeployed_and_pruned_while_it_sleeps(deployer: Deployer) -> None:
    space, running = deployer.space, deployer.running
    first = app("web", replicas=2)

    tried = deployer.apply(*first, options=("--set", "pr-12", "--dry-run"))
    assert "deployments.apps web: would be created" in tried.out
    assert "+    replicas: 2" in tried.out or "+  replicas: 2" in tried.out
    assert missing(space, "deployments", "web")

    done = deployer.apply(*first)
    assert [line.split(":")[1] for line in done.out.splitlines()[:3]] == [" created"] * 3
    assert f"{space.name}/web: 2 of 2 pods are available" in done.out
    assert len(space.ready("web")) == 2
    assert space.get("services", "web")["metadata"]["labels"]["torpor.dev/set"] == "pr-12"
    assert running.until_visit("web.test", 200)

    versions = {plural: version(space.get(plural, "web")) for plural in ("services", "ingresses")}
    again = deployer.apply(*first)
    assert [line.split(":")[1] for line in again.out.splitlines()[:3]] == [" unchanged"] * 3
    assert versions == {plural: version(space.get(plural, "web")) for plural in versions}

    asleep(deployer)
    workload, service, _ = app("web", replicas=3, environment={"REVISION": "2"})
    second = [workload, service, ingress("new", "new.test", backend="web")]

    tried = deployer.apply(*second, options=("--set", "pr-12", "--dry-run"))
    assert "torpor.dev/replicas: '2'\n+    torpor.dev/replicas: '3'" in tried.out
    assert "ingresses.networking.k8s.io web: would be deleted" in tried.out

    done = deployer.apply(*second)
    assert "deployments.apps web: changed (it sleeps, and goes on sleeping)" in done.out
    assert "services web: unchanged" in done.out
    assert "ingresses.networking.k8s.io new: created" in done.out
    assert "ingresses.networking.k8s.io web: deleted" in done.out
    assert f"{space.name}/web: asleep" in done.out
    assert missing(space, "ingresses", "web")
    slept = space.get("deployments", "web")
    assert (slept["spec"]["replicas"], slept["metadata"]["annotations"]["torpor.dev/replicas"]) == (0, "3")
    assert running.app("web")["phase"] == "asleep"
    assert space.pods("web") == []

    assert deployer.apply(*second).out.count("unchanged") == 3
    assert space.replicas("web") == 0

    assert running.until_visit("new.test", 200)
    assert space.replicas("web") == 3
    until(lambda: len(space.ready("web")) == 3, SOON, "three pods of what was applied while it slept")
    assert {revision(pod) for pod in space.pods("web")} == {"2"}

    deployer.apply(app("web", replicas=1, environment={"REVISION": "2"})[0], *second[1:])
    assert space.replicas("web") == 1, "awake, the count is the manifest's"

    asleep(deployer)
    gone = deployer.torpor("delete", "pr-12")
    assert (gone.code, gone.out.count(": deleted")) == (0, 3), gone
    until(lambda: missing(space, "deployments", "web"), SOON, "it gone")
    assert deployer.delete("pr-12")[0] == 404


def test_a_sleeping_app_is_woken_to_check_a_deploy_where_that_is_asked_for(deployer: Deployer) -> None:
    space = deployer.space
    deployer.apply(*app("web", replicas=1))
    asleep(deployer)

    broken, *rest = app("web", replicas=1)
    broken["spec"]["template"]["spec"]["containers"][0]["command"] = ["/nothing"]
    failed = deployer.torpor("apply", "-f", "-", "--set", "pr-12", "--wake", told=[broken, *rest])
    assert failed.code == 1
    assert "applied, but not rolled out" in failed.err
    assert "/nothing" in failed.err

    done = deployer.apply(*app("web", replicas=1), options=("--set", "pr-12", "--wake"))
    assert f"{space.name}/web: 1 of 1 pods are available" in done.out
    assert deployer.running.app("web")["phase"] == "awake"

    failed = deployer.torpor("apply", "-f", "-", "--set", "pr-12", told=[broken, *rest])
    assert failed.code == 1, "an app that is awake: its new pods tell, while the old one serves"
    assert "/nothing" in failed.err
    assert deployer.running.until_visit("web.test", 200)


def asleep(deployer: Deployer) -> None:
    deployer.running.wait_phase("web", "awake")
    seen: list[Tree] = []

    def slept() -> bool:
        status, found = deployer.ask("POST", f"/v1/apps/{deployer.space.name}/web/sleep", TOKEN, None)
        seen[:] = [found]
        assert status == 200 or "only just begun" in str(found), found
        return status == 200

    until(slept, SOON, lambda: str(seen), beat=0.5)
    until(lambda: not deployer.space.pods("web"), SOON, "no pods")


def version(found: Tree) -> str:
    return str(found["metadata"]["resourceVersion"])


def revision(pod: Tree) -> str:
    return str({one["name"]: one["value"] for one in pod["spec"]["containers"][0]["env"]}["REVISION"])
