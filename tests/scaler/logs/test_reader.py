"""One reader's queue."""

import asyncio

import pytest

from scaler.logs.batch import AT_ONCE, Batch
from scaler.logs.line import Line, Source
from scaler.logs.reader import MOST_BYTES, MOST_LINES, Ended, Reader
from tests.scaler.logs.made import WEB, at, line, lines, texts
from torpor.seam import Seam

SIDE = Source("web-1", "side")


async def test_lines_come_in_their_order_and_the_past_first() -> None:
    reader = Reader()
    reader.put(Batch([*lines(3, 4), line(5, source=SIDE)]))
    assert reader.coming() == {WEB: at(3), SIDE: at(5)}
    reader.begin(lines(1, 2), {})
    reader.put(Batch(lines(6)))
    lost, batches = await reader.take()
    assert (lost, texts(batches)) == (0, [f"line {number}" for number in range(1, 7)])


async def test_of_too_long_a_past_the_oldest_is_lost_too() -> None:
    reader = Reader()
    reader.put(Batch(lines(3)))
    reader.begin([line(1)] * MOST_LINES, {})
    lost, batches = await reader.take()
    assert lost == AT_ONCE
    assert lost + sum(map(len, batches)) == MOST_LINES + 1
    assert texts(batches)[-1] == "line 3"


async def test_a_reader_waits_for_the_next_line() -> None:
    reader = Reader()
    asyncio.get_running_loop().call_later(0.01, lambda: reader.put(Batch(lines(1))))
    assert texts((await reader.take())[1]) == ["line 1"]


async def test_who_does_not_read_loses_the_oldest_and_is_told_how_many() -> None:
    reader = Reader()
    for number in range(MOST_LINES // 100 + 7):
        reader.put(Batch([line(1, f"{number} {turn}") for turn in range(100)]))
    lost, batches = await reader.take()
    assert lost == 700
    assert texts(batches)[0] == "7 0"
    reader.put(Batch(lines(1)))
    assert (await reader.take())[0] == 0


async def test_its_bytes_are_bounded_too() -> None:
    reader = Reader()
    for _ in range(1000):
        reader.put(Batch([line(1, "x" * 10_000)]))
    lost, batches = await reader.take()
    assert sum(batch.size for batch in batches) <= MOST_BYTES
    assert lost + len(batches) == 1000


async def test_what_was_read_elsewhere_is_not_told_again() -> None:
    reader = Reader()
    reader.begin(lines(1, 2), {WEB: Seam(at(2))})
    reader.put(Batch(lines(1)))
    reader.put(Batch([*lines(2, 3), line(1, "of another", SIDE), Line("", WEB, "without a time")]))
    assert texts((await reader.take())[1]) == ["line 1", "line 2", "line 3", "of another", "without a time"]
    reader.put(Batch(lines(1)))
    assert texts((await reader.take())[1]) == ["line 1"], "its clock was set back"


async def test_the_end_comes_after_the_last_line() -> None:
    reader = Reader()
    reader.put(Batch(lines(1)))
    reader.end()
    assert texts((await reader.take())[1]) == ["line 1"]
    with pytest.raises(Ended):
        await reader.take()


async def test_a_wait_that_is_cancelled_loses_nothing() -> None:
    reader = Reader()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await reader.take()
    reader.put(Batch(lines(1)))
    assert texts((await reader.take())[1]) == ["line 1"]
