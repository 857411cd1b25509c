"""The YAML that the docs show is what it says it is."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from scaler.runtimes.kubernetes.discovery.gitops import gitops_owner
from scaler.runtimes.kubernetes.objects.workload import read_workload
from tests.charts.rendering import rendered
from tests.docs.pages import TOLD, fences
from tests.scaler.runtimes.kubernetes.cluster_objects import DEPLOYMENTS, deployment
from torpor.config import Settings, parse_settings

OF_OTHERS = ({"scrape_configs", "rule_files"}, {"ignoreDifferences", "syncPolicy"}, {"patches"}, {"driftDetection"})
"""Prometheus, Argo CD, Flux."""
EXAMPLES = [(name, code) for name in TOLD for code in fences(name, "yaml")]
VALUES = "# values.yaml\n"
MARKS: dict[str, dict[str, Any]] = {
    "Argo CD": {"annotations": {"argocd.argoproj.io/tracking-id": "front:apps/Deployment:shop/web"}},
    "Flux, Kustomization": {"labels": {"kustomize.toolkit.fluxcd.io/name": "apps"}},
    "Flux, HelmRelease": {"labels": {"helm.toolkit.fluxcd.io/name": "web"}},
}


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[f"{name}-{at}" for at, (name, _) in enumerate(EXAMPLES)])
def test_an_example_is_settings_values_or_objects(name: str, code: str, tmp_path: Path) -> None:
    documents = [one for one in yaml.safe_load_all(code) if one is not None]
    assert documents
    if code.startswith(VALUES):
        (tmp_path / "values.yaml").write_text(code, encoding="utf-8")
        assert rendered(tmp_path / "values.yaml")
        return
    for document in documents:
        if "apiVersion" in document:
            assert document["kind"]
            assert document["metadata"]["name"]
        elif set(document) <= set(Settings.model_fields):
            parse_settings(code)
        else:
            assert set(document) == {"metadata"} or set(document) in OF_OTHERS, sorted(document)


@pytest.mark.parametrize("heading", MARKS)
def test_the_rules_for_gitops_are_those_that_the_doctor_prints(heading: str) -> None:
    source = deployment()
    for part, marks in MARKS[heading].items():
        source["metadata"].setdefault(part, {}).update(marks)
    owner = gitops_owner(read_workload(DEPLOYMENTS, source))
    assert owner is not None
    first, _, rule = owner.rule.partition("\n")
    assert f"# {first}\n{rule}\n" in fences("docs/gitops.md", "yaml")
