"""Clusters for tests: one with a node and one without, each brought up once in a run, or the one that is named.

`TORPOR_TEST_KUBECONFIG` names a kubeconfig of a cluster that somebody else brought up (kind, k3d) with the tests'
images in it; tests that break a cluster or read its audit log are left out then.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests.cluster.programs import fill
from tests.cluster.rig.access import Access, outside
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.torpor import image

OUTSIDE = "TORPOR_TEST_KUBECONFIG"
CLUSTERS = {"cluster", "control_plane"}
IN_A_HURRY = {"controller-manager": ["--kube-api-qps=1000", "--kube-api-burst=2000"]}
"""Controllers hold back, by default to 20 calls a second: minutes for thousands of objects."""
LOUD = "LEFT OUT"
LONGEST = 300.0
"""Seconds for a test that says nothing else."""


@pytest.fixture(scope="session")
def cluster() -> Iterator[Access]:
    """A Kubernetes with a node, shared by all tests of a run."""
    named = os.environ.get(OUTSIDE)
    if named:
        yield outside(Path(named))
        return
    yield from _own("node")


@pytest.fixture(scope="session")
def control_plane() -> Iterator[Cluster]:
    """A Kubernetes without a node, for thousands of objects that nobody runs."""
    yield from _own("control")


@pytest.fixture(scope="session")
def own_cluster(cluster: Access) -> Cluster:
    """The same cluster, for tests that only this run's own is good for."""
    if not isinstance(cluster, Cluster):
        _leave_out(f"what breaks a cluster, reads its audit log or loads images, as {OUTSIDE} names somebody else's")
    return cluster


@pytest.fixture(scope="session")
def with_image(own_cluster: Cluster) -> Cluster:
    """The same cluster, and its node has Torpor's own image: a quarter of a GB, once in a run."""
    archive = own_cluster.place.directory / "torpor.tar"
    try:
        image.write(archive, own_cluster.programs)
        own_cluster.load(archive)
    finally:
        archive.unlink(missing_ok=True)
    return own_cluster


@pytest.fixture
def breakable(own_cluster: Cluster) -> Iterator[Cluster]:
    """The same cluster, for a test that breaks it; it is mended afterwards."""
    yield own_cluster
    own_cluster.mend()


@pytest.fixture
def namespace(cluster: Access, request: pytest.FixtureRequest) -> Iterator[Space]:
    """A namespace of the test's own."""
    about = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_"))[:40].strip("-")
    with Space.made(cluster, about) as space:
        yield space


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for a cluster has deadlines of its own, several in a test, and the first brings the cluster up."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(LONGEST))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Get the programs before the first test's time runs: at first that takes minutes."""
    wanted = any(CLUSTERS & set(getattr(item, "fixturenames", ())) for item in session.items)
    if wanted and not session.config.option.collectonly and not os.environ.get(OUTSIDE) and not fill.missing():
        capture = session.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled():
            fill.fill()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was left out: a skip is easily overlooked."""
    for reason in sorted({str(report.longrepr[2]) for report in terminalreporter.getreports("skipped")}):
        if LOUD in reason:
            terminalreporter.section(reason.removeprefix("Skipped: "), "*", red=True, bold=True)


def _own(kind: str) -> Iterator[Cluster]:
    reason = fill.missing()
    if reason is not None:
        _leave_out(f"all tests on a cluster: {reason}")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    node = kind == "node"
    mine = Cluster.start(f"{kind}-{run[:8]}", node=node, more={} if node else IN_A_HURRY)
    yield mine
    mine.close()


def _leave_out(what: str) -> NoReturn:
    """Without a cluster, what needs one is left out; on CI that is a failure."""
    if os.environ.get("CI", "").lower() in ("", "0", "false"):
        pytest.skip(f"{LOUD}: {what}")
    pytest.fail(f"{LOUD}: {what}")
