from collections.abc import Iterator

import pytest

from scaler.runtimes.process.ports import free_port


@pytest.fixture
def port() -> Iterator[int]:
    """One that nobody uses."""
    claim = free_port()
    yield claim.port
    claim.release()
