"""Tests of the HAProxy engine's own parts need HAProxy."""

import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.proxy.haproxy.lives import Lives


@pytest.fixture(autouse=True)
def haproxy() -> None:
    if shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin") is None:
        pytest.fail("HAProxy is not installed; on Debian: apt-get install haproxy")


@pytest.fixture
def state() -> Iterator[Path]:
    """A state directory with a short path, for its sockets."""
    with tempfile.TemporaryDirectory(prefix="torpor-") as directory:
        yield Path(directory)


@pytest.fixture
async def life(state: Path) -> AsyncIterator[Lives]:
    lives = Lives(state)
    try:
        yield lives
    finally:
        await lives.end()
