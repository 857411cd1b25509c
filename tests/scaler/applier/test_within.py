"""What is read is read in bounded time."""

import asyncio

import pytest

from scaler.applier.within import within
from scaler.runtimes.kubernetes.api.errors import Unreachable


async def test_what_takes_too_long_is_ended_and_what_does_not_is_let_be() -> None:
    async with within():
        await asyncio.sleep(0)
    with pytest.raises(Unreachable, match=r"has not answered all that was asked within 0\.01s") as caught:
        async with within(0.01):
            await asyncio.Event().wait()
    assert not caught.value.sent
