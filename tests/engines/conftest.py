"""Every test here runs with each engine that is installed."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.cannot import CANNOT

with warnings.catch_warnings():  # mitmproxy imports libraries that warn of each other's old names
    warnings.simplefilter("ignore", DeprecationWarning)
    import mitmproxy.master  # noqa: F401


@pytest.fixture(params=sorted(CANNOT))
def engine(request: pytest.FixtureRequest) -> str:
    """The name of the engine; a test marked `needs("…")` is skipped for the engines that cannot do that."""
    if request.param == "haproxy" and shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.skip("HAProxy is not installed")
    for mark in request.node.iter_markers("needs"):
        for ability in mark.args:
            if why := CANNOT[request.param].get(ability):
                pytest.skip(f"{request.param}: {why}")
    return str(request.param)


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory with a short path, for its sockets."""
    with tempfile.TemporaryDirectory(prefix="torpor-") as directory:
        yield Path(directory)
