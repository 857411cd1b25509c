from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scaler.runtimes.process import ProcessRuntime
from tests.scaler.runtimes.process.apps import Apps


@pytest.fixture
async def apps(tmp_path: Path) -> AsyncIterator[Apps]:
    lost: list[tuple[str, str]] = []
    async with ProcessRuntime(lambda app, reason: lost.append((app, reason))) as runtime:
        yield Apps(runtime, tmp_path, lost)
