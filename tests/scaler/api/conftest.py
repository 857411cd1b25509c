"""The API over a scaler of glass, and a client."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.scaler.api.fake_control import FakeControl, running


@pytest.fixture
async def control() -> FakeControl:
    return FakeControl("notes", "team/shop", "wiki")


@pytest.fixture
async def url(control: FakeControl) -> AsyncIterator[str]:
    async with running(control) as url:
        yield url


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session
