"""`torpor rouse`, against a small API server."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from scaler.runtimes.kubernetes.api import kinds
from tests.scaler.runtimes.kubernetes.small_server import SmallServer
from torpor.cli import cli


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[SmallServer]:
    server = SmallServer()
    async with server.running(tmp_path):
        yield server


def put(server: SmallServer, name: str, *, ready: bool = True) -> None:
    said = {"torpor.dev/phase": "asleep", "torpor.dev/replicas": "2"}
    about = {"name": name, "namespace": "shop", "annotations": said}
    status: dict[str, Any] = {"readyReplicas": 2} if ready else {}
    server.put(kinds.DEPLOYMENTS, {"metadata": about, "spec": {"replicas": 0}, "status": status})


async def rouse(directory: Path, *options: str) -> Result:
    arguments = ["rouse", "--kubeconfig", str(directory / "kubeconfig"), *options]
    return await asyncio.to_thread(CliRunner().invoke, cli, arguments)


async def test_it_says_what_it_does_and_how_many_it_has_woken(server: SmallServer, tmp_path: Path) -> None:
    put(server, "web")
    done = await rouse(tmp_path)
    assert (done.exit_code, done.stdout) == (0, "Nobody is asleep: 1 app was woken.\n"), done.output
    assert "shop/web is scaled to 2" in done.stderr
    assert (await rouse(tmp_path)).stdout == "Nobody is asleep: 0 apps were woken.\n"


async def test_it_looks_only_where_the_scalers_do(server: SmallServer, tmp_path: Path) -> None:
    put(server, "web")
    (tmp_path / "torpor.yaml").write_text("kubernetes: {namespaces: [elsewhere]}\n")
    done = await rouse(tmp_path, "-f", str(tmp_path / "torpor.yaml"))
    assert done.stdout == "Nobody is asleep: 0 apps were woken.\n", done.output
    (tmp_path / "torpor.yaml").write_text("kubernets: {}\n")
    assert (await rouse(tmp_path, "-f", str(tmp_path / "torpor.yaml"))).exit_code == 2


async def test_who_is_not_ready_in_time_is_named_and_keeps_nobody(server: SmallServer, tmp_path: Path) -> None:
    put(server, "web", ready=False)
    done = await rouse(tmp_path, "--timeout", "8s")
    assert done.exit_code == 0, done.output
    assert "Not ready yet: shop/web." in done.stderr


async def test_who_sleeps_on_is_named_with_the_reason(server: SmallServer, tmp_path: Path) -> None:
    put(server, "web")
    server.refusals["PATCH", "/apis/apps/v1/namespaces/shop/deployments/web/scale"] = (403, "not by you")
    done = await rouse(tmp_path)
    assert done.exit_code == 1
    assert "asleep still: shop/web (not by you)" in done.stderr


async def test_a_cluster_that_cannot_be_asked_is_waited_for_until_the_timeout(
    server: SmallServer, tmp_path: Path
) -> None:
    server.refusals["GET", "/apis/apps/v1/deployments"] = (500, "out of order")
    done = await rouse(tmp_path, "--timeout", "2s")
    assert done.exit_code == 1
    assert "out of order" in done.stderr
    assert "not everybody is awake after 2s" in done.stderr


async def test_who_may_not_look_is_told_so(server: SmallServer, tmp_path: Path) -> None:
    server.refusals["GET", "/apis/apps/v1/deployments"] = (403, "not for you")
    done = await rouse(tmp_path)
    assert done.exit_code == 1
    assert "not for you" in done.stderr
    missing = await rouse(tmp_path / "nowhere")
    assert missing.exit_code == 1
    assert "there is no kubeconfig" in missing.stderr
