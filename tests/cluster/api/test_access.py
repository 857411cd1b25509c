"""As a pod finds its cluster: by its ServiceAccount, whose token changes under it."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from scaler.runtimes.kubernetes.api import connection
from scaler.runtimes.kubernetes.api.access import InCluster
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import Kind
from tests.cluster.rig.cluster import Cluster as Rig
from tests.cluster.rig.space import Space

CONFIG_MAPS = Kind("", "v1", "configmaps", "ConfigMap")
WHO = Kind("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False)


async def token(api: Cluster, space: Space) -> str:
    path = f"/api/v1/namespaces/{space.name}/serviceaccounts/default/token"
    said = await api.call("POST", path, None, {"spec": {"expirationSeconds": 600}})
    text: str = said["status"]["token"]
    return text


async def authority(api: Cluster, space: Space) -> str:
    async with asyncio.timeout(30):
        while True:
            try:
                found: dict[str, Any] = await api.get(CONFIG_MAPS, space.name, "kube-root-ca.crt")
            except ApiError:  # not there yet
                await asyncio.sleep(0.05)
            else:
                text: str = found["data"]["ca.crt"]
                return text


async def test_a_pod_is_its_serviceaccount_and_takes_the_new_token_when_the_old_is_refused(
    control_plane: Rig, api: Cluster, space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kubernetes.aio.config import incluster_config

    host, port = control_plane.api.server
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", str(port))
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(tmp_path / "ca.crt"))
    monkeypatch.setattr(connection, "FRESH", 0.0)
    (tmp_path / "ca.crt").write_text(await authority(api, space))
    (tmp_path / "token").write_text("not a token")

    async with Cluster(InCluster()) as inside:
        with pytest.raises(ApiError, match="401"):
            await inside.create(WHO, None, {})
        (tmp_path / "token").write_text(await token(api, space))
        said = await inside.create(WHO, None, {})

    assert said["status"]["userInfo"]["username"] == f"system:serviceaccount:{space.name}:default"
