from pathlib import Path

import pytest

from scaler.runtimes.kubernetes.api import access
from scaler.runtimes.kubernetes.api.access import InCluster, Kubeconfig, NoAccess, find


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(access, "SERVICE_ACCOUNT", tmp_path / "account")


def test_what_is_named_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/a:/b")
    assert find("/c", "there") == Kubeconfig("/c", "there")
    assert find(context="there") == Kubeconfig("/a:/b", "there")


def test_then_the_one_at_home_and_then_the_pods_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "account").mkdir()
    (tmp_path / "account" / "token").touch()
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert find() == InCluster()
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").touch()
    assert find() == Kubeconfig(str(tmp_path / ".kube" / "config"))


def test_nothing_at_all_is_told_with_what_to_do() -> None:
    with pytest.raises(NoAccess, match="give a kubeconfig"):
        find()
