"""A browser for each module, a tab and an API with four apps for each test."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.chromium import Chromium, Page
from tests.scaler.api.status_page.fake_api import FakeApi, clock, status
from torpor.words import Phase


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with Chromium.start() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Chromium) -> AsyncIterator[Page]:
    async with chromium.page(width=1280) as tab:
        yield tab
        assert tab.complaints == []


@pytest_asyncio.fixture(loop_scope="module")
async def api() -> AsyncIterator[FakeApi]:
    now = clock()
    async with FakeApi.open(
        status("notes", Phase.AWAKE, last_access=now - 34.5, sleeps_at=now + 265.5, cause="GET / from 10.0.0.7 (curl)"),
        status("app10"),
        status("app9", Phase.FAILED, reason="no such command: datasett", retry_at=now + 500, usual_wake=12.4),
        status("review/pr-7", Phase.WAKING, stage="waiting for port 4123", held=12, hosts=("*.pr-7.localhost",)),
    ) as opened:
        yield opened
