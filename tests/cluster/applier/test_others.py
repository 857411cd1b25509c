"""What others own, others' objects, others' tokens; and what a real API server refuses."""

import json

import pytest
import yaml

from tests.cluster.applier.conftest import Deployer, Tree, ended, missing
from tests.cluster.cli.conftest import served
from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON

pytestmark = pytest.mark.timeout(300)


def test_a_field_that_somebody_else_owns_is_reported_and_taken_only_if_asked_for(deployer: Deployer) -> None:
    space = deployer.space
    deployer.apply(*app("web", replicas=1), options=("--set", "pr-12", "--no-wait"))
    by_hand = deployment("web", replicas=None, environment={"REVISION": "by hand"})
    options = ("apply", "--server-side", "--force-conflicts", "-f", "-")
    space.cluster.kubectl("-n", space.name, *options, told=json.dumps(by_hand))

    changed, _, way = app("web", replicas=1, environment={"REVISION": "2"})
    refused = deployer.torpor("apply", "-f", "-", "--set", "pr-12", told=[changed, service("web", port=81), way])

    assert refused.code == 1
    assert "nothing was applied: conflict deployments.apps web" in refused.err
    assert 'env[name="REVISION"].value is owned by kubectl (document 1, line 1)' in refused.err
    assert space.get("services", "web")["spec"]["ports"][0]["port"] == 80

    status, problem = deployer.post(yaml.safe_dump_all([changed, service("web", port=81), way]))
    assert status == 409
    outcomes = {
        one["kind"]: (one["outcome"], [owner for _, owner in one["conflicts"]]) for one in problem["report"]["objects"]
    }
    assert outcomes["deployments.apps"] == ("conflict", ["kubectl"])
    assert outcomes["services"] == ("not applied", [])

    deployer.apply(changed, service("web", port=81), way, options=("--set", "pr-12", "--force-conflicts", "--no-wait"))
    assert space.get("services", "web")["spec"]["ports"][0]["port"] == 81

    space.scale("web", 2)
    counted = deployer.torpor("apply", "-f", "-", "--set", "pr-12", told=[changed, service("web", port=81), way])
    assert ".spec.replicas is owned by" in counted.err, "somebody has scaled it who is not Torpor"
    assert space.replicas("web") == 2


def test_two_builds_at_once_come_to_the_same_and_only_ours_is_pruned(deployer: Deployer) -> None:
    space = deployer.space
    label = {"labels": {"torpor.dev/set": "pr-12"}}
    theirs: Tree = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs", **label}}
    space.apply(theirs)
    manifests = app("web")
    both = [deployer.start("apply", "-f", "-", "--set", "pr-12", told=manifests) for _ in range(2)]
    done = [ended(process) for process in both]
    assert [one.code for one in done] == [0, 0], done
    assert sum(one.out.count("created") for one in done) == 3
    assert all("configmaps theirs: left (torpor apply has not made it" in one.out for one in done)
    deployer.torpor("delete", f"{space.name}/pr-12")
    assert not missing(space, "configmaps", "theirs")
    assert missing(space, "services", "web")


def test_a_quota_that_is_used_up_in_the_middle_leaves_nobody_guessing(deployer: Deployer) -> None:
    space = deployer.space
    hard = {"hard": {"count/services": "1"}}
    space.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}, "spec": hard})
    until(lambda: space.get("resourcequotas", "few").get("status", {}).get("used"), SOON, "the quota in force")
    manifests = [service(name) for name in ("one", "two", "three")]

    failed = deployer.torpor("apply", "-f", "-", "--set", "pr-12", told=manifests)

    assert failed.code == 1
    assert "created services one" in failed.err
    assert "exceeded quota: few" in failed.err
    assert "1 applied before it, 1 not applied" in failed.err
    assert not missing(space, "services", "one")


def test_mistakes_have_their_place_and_only_what_is_allowed_is_applied(deployer: Deployer) -> None:
    space = deployer.space
    workload = deployment("web")
    workload["spec"]["template"]["spec"]["containers"][0]["imag"] = "typing mistake"
    text = yaml.safe_dump_all([service("web"), workload], sort_keys=False)

    status, problem = deployer.post(text)
    assert status == 422
    assert "imag" in problem["detail"]
    assert "document 2" in problem["detail"]

    lines = [
        line for line in text.replace("containerPort: 8080", "containerPort: 0").splitlines() if "imag:" not in line
    ]
    status, problem = deployer.post("\n".join(lines))
    place = next(number for number, line in enumerate(lines, 1) if "containerPort" in line)
    assert status == 422
    assert f"(document 2, line {place})" in problem["detail"]

    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "secret"}}
    status, problem = deployer.post(yaml.safe_dump_all([service("web"), secret]))
    assert (status, problem["mistakes"][0]["document"]) == (422, 2)
    assert "secrets may not be applied" in problem["detail"]

    assert deployer.post(yaml.safe_dump(service("web")), "set=x&namespace=kube-system")[0] == 403
    assert missing(space, "services", "web")


def test_the_account_that_is_named_may_apply_and_nobody_else(deployer: Deployer) -> None:
    space = deployer.space
    tokens = {
        account: space.cluster.kubectl("-n", space.name, "create", "token", account).strip()
        for account in ("deployer", "default")
    }
    text = yaml.safe_dump(service("web"))
    assert deployer.post(text, token="")[0] == 401
    status, problem = deployer.post(text, token=tokens["default"])
    assert status == 403
    assert f"system:serviceaccount:{space.name}:default may not apply here" in problem["detail"]
    assert missing(space, "services", "web")
    assert deployer.post(text, token=tokens["deployer"])[0] == 200
    assert not missing(space, "services", "web")
    assert deployer.delete("pr-12", token=tokens["default"])[0] == 403
    assert deployer.delete("pr-12", token=tokens["deployer"])[0] == 200


def test_the_command_line_goes_through_the_api_server(deployer: Deployer) -> None:
    space = deployer.space
    with served(deployer.running):
        applied = deployer.torpor("apply", "-f", "-", "--set", "pr-12", told=[service("web")], straight=False)
        assert (applied.code, applied.out) == (0, "services web: created\n"), applied.err
        deleted = deployer.torpor("delete", f"{space.name}/pr-12", straight=False)
        assert (deleted.code, deleted.out) == (0, "services web: deleted\n"), deleted.err
