"""Every test here runs with each engine that can do what it needs."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.cannot import able

with warnings.catch_warnings():  # mitmproxy imports libraries that warn of each other's old names
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.master  # noqa: F401


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `engine` runs with each that can do what it is marked to need; nothing is skipped."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", able(metafunc.definition))


@pytest.fixture(autouse=True)
def installed(request: pytest.FixtureRequest) -> None:
    """Says what is missing, instead of failing in a hundred ways."""
    wanted = request.node.callspec.params.get("engine") if hasattr(request.node, "callspec") else None
    if wanted == "haproxy" and shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.fail("HAProxy is not installed; on Debian: apt-get install haproxy")


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory with a short path, for its sockets."""
    with tempfile.TemporaryDirectory(prefix="torpor-") as directory:
        yield Path(directory)
