import pytest
import yaml

from scaler.runtimes.kubernetes.discovery.gitops import gitops_owner
from scaler.runtimes.kubernetes.objects.workload import Workload, read_workload
from tests.scaler.runtimes.kubernetes.cluster_objects import DEPLOYMENTS, deployment


def workload(labels: dict[str, str], annotations: dict[str, str] | None = None, manager: str = "") -> Workload:
    source = deployment(annotations=annotations)
    source["metadata"]["labels"] |= labels
    if manager:
        fields = {"f:spec": {"f:replicas": {}}}
        source["metadata"]["managedFields"] = [{"manager": manager, "operation": "Apply", "fieldsV1": fields}]
    return read_workload(DEPLOYMENTS, source)


def test_a_workload_that_nobody_has_marked_has_no_owner() -> None:
    assert gitops_owner(workload({"app.kubernetes.io/instance": "web"}, manager="kubectl-client-side-apply")) is None


@pytest.mark.parametrize("manager", ["", "argocd-controller"])
def test_argo_cd_is_known_by_its_tracking_id(manager: str) -> None:
    tracking = {"argocd.argoproj.io/tracking-id": "front:apps/Deployment:shop/web"}
    owner = gitops_owner(workload({}, tracking, manager))
    assert owner is not None
    assert (owner.tool, owner.source, owner.holds_replicas) == ("Argo CD", "front", bool(manager))
    rule = yaml.safe_load(owner.rule.partition("\n")[2])
    ignored = {"group": "apps", "kind": "Deployment", "name": "web", "namespace": "shop"}
    assert rule["ignoreDifferences"] == [ignored | {"jsonPointers": ["/spec/replicas"]}]
    assert rule["syncPolicy"] == {"syncOptions": ["RespectIgnoreDifferences=true"]}


def test_flux_is_known_by_its_labels_and_by_its_managers() -> None:
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"}
    owner = gitops_owner(workload(labels, manager="kustomize-controller"))
    assert owner is not None
    assert (owner.tool, owner.source, owner.holds_replicas) == ("Flux (Kustomization)", "flux-system/apps", True)
    (patch,) = yaml.safe_load(owner.rule.partition("\n")[2])["patches"]
    assert patch["target"] == {"kind": "Deployment", "name": "web", "namespace": "shop"}
    assert yaml.safe_load(patch["patch"]) == [{"op": "remove", "path": "/spec/replicas"}]
    helm = gitops_owner(workload({"helm.toolkit.fluxcd.io/name": "web"}))
    assert helm is not None
    assert (helm.tool, helm.source, helm.holds_replicas) == ("Flux (HelmRelease)", "shop/web", False)
    drift = yaml.safe_load(helm.rule.partition("\n")[2])["driftDetection"]
    assert drift["ignore"] == [{"paths": ["/spec/replicas"], "target": patch["target"]}]
