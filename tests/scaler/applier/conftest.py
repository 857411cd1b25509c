"""An applier that reigns over a small API server: one app, `shop/web`, and whatever is applied."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from scaler.applier.applier import Applier
from scaler.applier.order import Order
from scaler.applier.report import Report
from scaler.runtimes.kubernetes.api import kinds
from tests.scaler.runtimes.kubernetes.realm import Realm, reigning, town
from tests.scaler.runtimes.kubernetes.small_server import SmallServer
from torpor.kubernetes_settings import ApplySettings, KubernetesSettings

CONFIG_MAPS = kinds.Kind("", "v1", "configmaps", "ConfigMap")


class House:
    """`said` is what was told while it was done."""

    def __init__(self, realm: Realm, applier: Applier) -> None:
        self.realm = realm
        self.server = realm.server
        self.applier = applier
        self.said: list[str] = []

    async def apply(self, text: str, **more: object) -> Report:
        """As the API does it."""
        order = Order(text, **{"set": "pr-1", **more})  # type: ignore[arg-type]
        return await self.applier.follow(await self.applier.apply(order, self.said.append), self.said.append)

    async def delete(self, name: str, *, dry_run: bool = False) -> Report:
        return await self.applier.delete(name, self.said.append, dry_run=dry_run)

    def put(self, kind: kinds.Kind, name: str, *, owner: str = "torpor-apply", **labels: str) -> None:
        """An object of a set, whoever has applied it."""
        managed = [{"manager": owner, "operation": "Apply", "fieldsV1": {}}]
        own = {key.replace("_", "/"): value for key, value in labels.items()}
        meta = {"name": name, "namespace": "shop", "labels": own, "managedFields": managed, "uid": name}
        self.server.put(kind, {"metadata": meta})

    def has(self, kind: kinds.Kind, name: str) -> bool:
        """It is there."""
        return (kind, name) in [(one, key[1]) for one, objects in self.server._objects.items() for key in objects]


def config_map(name: str, annotations: str = "{}") -> str:
    """A manifest."""
    about = f"metadata:\n  name: {name}\n  annotations: {annotations}\n"
    return f"apiVersion: v1\nkind: ConfigMap\n{about}data: {{a: b}}\n"


@contextlib.asynccontextmanager
async def applying(
    directory: Path, server: SmallServer | None = None, *, namespaces: tuple[str, ...] = ("shop",)
) -> AsyncIterator[House]:
    """For the length of the block."""
    server = server or town()
    server.install(CONFIG_MAPS)
    async with reigning(server, directory) as realm, asyncio.TaskGroup() as group:
        cluster = realm.runtime._cluster
        settings = KubernetesSettings(apply=ApplySettings(namespaces=namespaces))
        applier = Applier(cluster, realm.scaler, realm.picture, settings)
        running = group.create_task(applier.run())
        try:
            yield House(realm, applier)
        finally:
            running.cancel()
