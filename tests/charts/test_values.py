"""What may stand in values, and what comes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.rendering import CHART, VALUES, one, rendered, run, with_files
from tests.charts.settings_schema import FILE, updated
from torpor.config import Settings, parse_settings

MONITORING = ("monitoring.coreos.com/v1/ServiceMonitor", "monitoring.coreos.com/v1/PrometheusRule")
type Tree = dict[str, Any]


@pytest.mark.parametrize("values", VALUES, ids=lambda file: file.stem)
def test_it_is_well_formed(values: Path) -> None:
    done = run("lint", "--strict", CHART, "--values", values)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
    assert "[ERROR]" not in done.stdout


@pytest.mark.parametrize("values", VALUES, ids=lambda file: file.stem)
def test_no_two_objects_have_one_name_and_every_container_is_locked_up(values: Path) -> None:
    objects = rendered(values, kinds=MONITORING)
    keys = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in objects]
    assert len(keys) == len(set(keys))
    pods = [spec for each in objects if (spec := pod_of(each)) is not None]
    assert len(pods) >= 3
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }


@pytest.mark.parametrize("values", VALUES, ids=lambda file: file.stem)
def test_the_scalers_can_read_their_settings(values: Path) -> None:
    settings = settings_of(rendered(values))
    assert settings.kubernetes is not None
    assert settings.kubernetes.namespace == "torpor"


@pytest.mark.parametrize("values", VALUES, ids=lambda file: file.stem)
def test_a_proxy_that_goes_has_the_time_to_drain(values: Path) -> None:
    for each in rendered(values):
        if each["metadata"]["name"] == "torpor-proxy" and (pod := pod_of(each)) is not None:
            (container,) = pod["containers"]
            waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
            (drains,) = (arg[16:-1] for arg in container["args"] if arg.startswith("--drain-timeout="))
            assert pod["terminationGracePeriodSeconds"] > waits + int(drains)


@pytest.mark.parametrize("name", ["torpor-proxy", "torpor-scaler"])
def test_pods_of_one_revision_are_spread(name: str) -> None:
    template = one(rendered(), "Deployment", name)["spec"]["template"]
    (spread,) = template["spec"]["topologySpreadConstraints"]
    assert spread["matchLabelKeys"] == ["pod-template-hash"]
    assert spread["labelSelector"]["matchLabels"].items() <= template["metadata"]["labels"].items()


def test_the_schema_knows_every_value() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    assert schema["properties"].keys() - {"global"} == values.keys()
    for part in ("proxy", "scaler", "image", "monitoring", "rouse", "networkPolicy", "ingressClass"):
        assert schema["properties"][part]["properties"].keys() == values[part].keys(), part


def test_the_schema_says_of_settings_what_they_are() -> None:
    assert FILE.read_text() == updated(FILE.read_text()), "run: python -m tests.charts.settings_schema"


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        ("replicas=2", "replicas"),
        ("proxy.replica=2", "replica"),
        ("proxy.kind=StatefulSet", "kind"),
        ("proxy.engine=nginx", "engine"),
        ("proxy.tls.secrets={a_b}", "secrets"),
        ("proxy.preStopSeconds=ten", "preStopSeconds"),
        ("settings.idle_time=5m", "idle_time"),
        ("settings.kubernetes.namespace=x", "namespace"),
        ("settings.kubernetes.scalable=rollouts", "scalable"),
        ("settings.page=sometimes", "page"),
        ("monitoring.rules.enabled=perhaps", "enabled"),
        ("scaler.resources.request.cpu=1", "request"),
        ("image.tag=a b", "tag"),
    ],
)
def test_what_makes_no_sense_is_refused(value: str, complaint: str) -> None:
    done = run("template", "torpor", CHART, "--set", value)
    assert done.returncode != 0
    assert complaint in done.stderr


def test_what_does_not_go_together_is_refused() -> None:
    for values in (
        "proxy.engine=mitmproxy,proxy.tls.wildcard=w",
        "proxy.kind=DaemonSet,proxy.autoscaling.enabled=true",
        "settings.kubernetes.apply.namespaces={review,default}",
        "settings.kubernetes.apply.namespaces={kube-system}",
    ):
        assert run("template", "torpor", CHART, "--set", values).returncode != 0, values


def test_kinds_of_monitoring_come_where_the_cluster_has_them_or_a_value_says_so(tmp_path: Path) -> None:
    rule = "groups:\n  - name: a\n    rules:\n      - {alert: A, expr: up, annotations: {summary: '{{ $value }}'}}\n"
    chart = with_files(tmp_path, {"rules/mine.yaml": rule})

    def found(*kinds: str, **more: Any) -> set[str]:
        objects = rendered(chart=chart, kinds=kinds, **more)
        return {each["kind"] for each in objects if each["apiVersion"].startswith("monitoring.")}

    assert found() == set()
    assert found(*MONITORING) == {"ServiceMonitor", "PrometheusRule"}
    assert found(monitoring__rules__enabled=True) == {"PrometheusRule"}
    off = {"monitoring__rules__enabled": False, "monitoring__serviceMonitor__enabled": False}
    assert found(*MONITORING, **off) == set()
    made = one(rendered(chart=chart, monitoring__rules__enabled=True), "PrometheusRule", "torpor-mine")
    assert made["spec"] == yaml.safe_load(rule)


def test_dashboards_are_taken_as_they_come(tmp_path: Path) -> None:
    text = json.dumps({"title": "{{ name }}", "tags": ["a\nb"]}, indent=2) + "\n"
    chart = with_files(tmp_path, {"dashboards/mine.json": text})
    found = one(rendered(chart=chart), "ConfigMap", "torpor-dashboard-mine")
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["mine.json"]) == json.loads(text)


def test_those_of_the_chart_are_each_in_one_object() -> None:
    objects = rendered(monitoring__rules__enabled=True)
    for file in (CHART / "dashboards").glob("*.json"):
        made = one(objects, "ConfigMap", f"torpor-dashboard-{file.stem}")
        assert json.loads(made["data"][file.name]) == json.loads(file.read_text())
    for file in (CHART / "rules").glob("*.yaml"):
        assert one(objects, "PrometheusRule", f"torpor-{file.stem}")["spec"] == yaml.safe_load(file.read_text())


def test_each_kind_that_can_be_scaled_has_its_rules() -> None:
    objects = rendered(settings__kubernetes={"scalable": ["rollouts.argoproj.io"]})
    rules = one(objects, "ClusterRole", "torpor-scaler")["rules"]
    assert {"apiGroups": ["argoproj.io"], "resources": ["rollouts/scale"], "verbs": ["patch"]} in rules
    assert {
        "apiGroups": ["argoproj.io"],
        "resources": ["rollouts"],
        "verbs": ["get", "list", "watch", "patch"],
    } in rules
    rules = one(objects, "ClusterRole", "torpor-rouse")["rules"]
    assert {"apiGroups": ["argoproj.io"], "resources": ["rollouts"], "verbs": ["list"]} in rules


def test_a_brand_is_mounted_where_proxies_look_for_it() -> None:
    pod = one(rendered(proxy__brand="ours"), "Deployment", "torpor-proxy")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (where,) = (arg.removeprefix("--brand=") for arg in container["args"] if arg.startswith("--brand="))
    (volume,) = (mount["name"] for mount in container["volumeMounts"] if mount["mountPath"] == where)
    assert {"name": volume, "configMap": {"name": "ours", "optional": True}} in pod["volumes"]


@pytest.mark.parametrize(
    ("release", "own", "said", "name"),
    [
        ("torpor", "torpor", {}, "torpor-headroom"),
        ("staging", "staging-torpor", {}, "staging-torpor-headroom"),
        ("staging", "staging-torpor", {"priority_class": "spare"}, "spare"),
    ],
)
def test_placeholders_have_the_class_that_the_chart_makes(release: str, own: str, said: Tree, name: str) -> None:
    objects = rendered(release=release, settings__kubernetes={"headroom": {"count": 1, **said}})
    assert one(objects, "PriorityClass", name)["value"] < 0
    settings = settings_of(objects, own).kubernetes
    assert settings is not None
    assert settings.headroom is not None
    assert settings.headroom.priority_class == name
    (rule,) = one(objects, "ClusterRole", f"{own}-headroom")["rules"]
    assert rule["resourceNames"] == [name]


def test_what_an_uninstall_may_do_is_there_only_while_it_runs() -> None:
    made = [each for each in rendered() if each["metadata"]["name"] == "torpor-rouse"]
    assert {each["kind"] for each in made} == {
        *("ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "Job")
    }
    for each in made:
        about = each["metadata"]["annotations"]
        assert about["helm.sh/hook"] == "pre-delete"
        assert about["helm.sh/hook-delete-policy"] == "before-hook-creation,hook-succeeded"
    assert not [each for each in rendered(rouse__enabled=False) if each["metadata"]["name"] == "torpor-rouse"]


def test_another_name_goes_all_the_way_through() -> None:
    objects = rendered(release="staging")
    settings = settings_of(objects, "staging-torpor")
    assert settings.kubernetes is not None
    assert settings.kubernetes.proxies == ("torpor/staging-torpor-proxy",)
    (container,) = one(objects, "Deployment", "staging-torpor-proxy")["spec"]["template"]["spec"]["containers"]
    assert "--link=http://staging-torpor-link:8081" in container["args"]
    assert one(objects, "Service", "staging-torpor-link")


def test_pods_follow_their_settings() -> None:
    def digest(**more: Any) -> str:
        made = one(rendered(**more), "Deployment", "torpor-scaler")
        return str(made["spec"]["template"]["metadata"]["annotations"]["torpor.dev/settings"])

    assert digest() == digest()
    assert digest() != digest(settings__idle_timeout="10m")


def settings_of(objects: list[Tree], name: str = "torpor") -> Settings:
    return parse_settings(one(objects, "ConfigMap", name)["data"]["torpor.yaml"])


def pod_of(each: Tree) -> Tree | None:
    """The pods of an object."""
    if each["kind"] == "Pod":
        return dict(each["spec"])
    template = each.get("spec", {}).get("template")
    return dict(template["spec"]) if template else None
