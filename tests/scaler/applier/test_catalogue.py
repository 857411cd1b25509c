"""Which kinds may be applied, in the versions that a server has, and in which order."""

from pathlib import Path

from scaler.applier.catalogue import look
from scaler.applier.manifests import read_manifests
from scaler.runtimes.kubernetes.api import kinds
from tests.scaler.applier.conftest import CONFIG_MAPS
from tests.scaler.runtimes.kubernetes.small_server import SmallServer

TEXT = "---\n".join(
    f"apiVersion: {kind.api_version}\nkind: {kind.kind}\nmetadata: {{name: web}}\n"
    for kind in (kinds.INGRESSES, kinds.DEPLOYMENTS, kinds.SERVICES, CONFIG_MAPS)
)


async def test_what_is_allowed_and_there_is_found_and_configuration_comes_first(tmp_path: Path) -> None:
    server = SmallServer()
    server.install(CONFIG_MAPS)
    allowed = [kind.resource for kind in (CONFIG_MAPS, kinds.SERVICES, kinds.DEPLOYMENTS, kinds.INGRESSES)]
    async with server.running(tmp_path) as cluster:
        found = await look(cluster, [*allowed, "namespaces", "deployments/scale.apps", "rollouts.argoproj.io"])
        assert [kind.resource for kind in found.kinds] == allowed
        targets = await found.targets(read_manifests(TEXT))
        assert [target.kind.plural for target in targets] == ["configmaps", "services", "ingresses", "deployments"]
