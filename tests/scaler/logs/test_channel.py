"""From one stream to many readers."""

from scaler.logs.batch import AT_ONCE
from scaler.logs.channel import MOST_SOURCES, Channel
from scaler.logs.line import Source
from tests.scaler.logs.made import at, line, lines, texts

SIDE = Source("web-1", "side")


async def test_lines_that_come_together_are_told_together_to_all() -> None:
    channel = Channel(0, "")
    readers = [channel.join([], 0, "") for _ in range(3)]
    channel.take(lines(1))
    channel.take(lines(2))
    told = [(await reader.take())[1] for reader in readers]
    assert [len(batches) for batches in told] == [1, 1, 1]
    assert len({id(batches[0]) for batches in told}) == 1, "made once"


async def test_many_at_once_do_not_wait() -> None:
    channel = Channel(0, "")
    reader = channel.join([], 0, "")
    channel.take([line(1)] * (AT_ONCE + 1))
    assert [len(batch) for batch in (await reader.take())[1]] == [AT_ONCE, 1]


async def test_who_comes_later_gets_the_last_lines_of_each_source() -> None:
    channel = Channel(10, "")
    channel.take([*lines(1, 2, 3), *lines(1, 2, source=SIDE)])
    reader = channel.join([], 2, "")
    channel.take(lines(4))
    assert [*texts((await reader.take())[1]), *texts((await reader.take())[1])] == [
        *("line 2", "line 3", "line 1", "line 2"),
        "line 4",
    ]


async def test_what_was_read_elsewhere_goes_before_what_is_here_and_nothing_is_there_twice() -> None:
    channel = Channel(0, "")
    channel.take(lines(3, 4))
    reader = channel.join([*lines(1, 2, 3), *lines(1, 2, source=SIDE)], 3, "")
    channel.take([*lines(5), *lines(2, 3, source=SIDE)])
    said = texts((await reader.take())[1])
    assert said == ["line 2", "line 3", "line 4", "line 1", "line 2"]
    assert texts((await reader.take())[1]) == ["line 5", "line 3"]


def test_how_far_back_it_reaches() -> None:
    some, since = Channel(10, ""), Channel(None, at(5))
    assert some.reaches(10, "")
    assert not some.reaches(11, "")
    assert not some.reaches(1, at(5))
    assert since.reaches(1000, at(6))
    assert not since.reaches(1000, at(4))
    assert not since.reaches(1, "")


async def test_of_many_sources_the_last_are_remembered() -> None:
    channel = Channel(0, "")
    for number in range(MOST_SOURCES + 5):
        channel.take(lines(1, source=Source(f"web-{number}", "app")))
    reader = channel.join([], 10, "")
    assert len(texts((await reader.take())[1])) == MOST_SOURCES
