"""From one stream to many readers."""

from scaler.logs.batch import AT_ONCE
from scaler.logs.channel import MOST_SOURCES, Channel
from scaler.logs.line import Source
from scaler.logs.ring import MOST_LINES
from tests.scaler.logs.made import WEB, at, line, lines, texts

SIDE = Source("web-1", "side")


async def test_lines_that_come_together_are_told_together_to_all() -> None:
    channel = Channel(0, "")
    readers = [channel.join(0, "").reader for _ in range(3)]
    channel.take(lines(1))
    channel.take(lines(2))
    told = [(await reader.take())[1] for reader in readers]
    assert [len(batches) for batches in told] == [1, 1, 1]
    assert len({id(batches[0]) for batches in told}) == 1, "made once"


async def test_many_at_once_do_not_wait() -> None:
    channel = Channel(0, "")
    reader = channel.join(0, "").reader
    channel.take([line(1)] * (AT_ONCE + 1))
    assert [len(batch) for batch in (await reader.take())[1]] == [AT_ONCE, 1]


async def test_who_comes_later_finds_the_last_lines_of_each_source_and_gets_what_comes() -> None:
    channel = Channel(10, "")
    channel.take([*lines(1, 2, 3), *lines(1, 2, source=SIDE)])
    joined = channel.join(2, "")
    assert joined.kept == {WEB: lines(2, 3), SIDE: lines(1, 2, source=SIDE)}
    channel.take(lines(4))
    assert texts((await joined.reader.take())[1]) == ["line 4"]


def test_what_is_here_is_all_when_as_much_was_asked_for() -> None:
    some, since = Channel(10, ""), Channel(None, at(5))
    assert some.join(10, "").whole
    assert not some.join(11, "").whole
    assert not some.join(None, at(5)).whole
    assert since.join(None, at(6)).whole
    assert not since.join(None, at(4)).whole
    assert not since.join(1, "").whole
    assert since.join(0, "").whole


async def test_and_when_none_of_it_had_to_make_room() -> None:
    channel = Channel(None, at(0))
    channel.take(lines(1, source=SIDE))
    channel.take([line(second) for second in range(6) for _ in range(MOST_LINES // 4)])
    assert channel.join(None, at(3)).whole
    joined = channel.join(None, at(0))
    assert not joined.whole
    assert joined.short == {WEB}


async def test_of_many_sources_the_last_are_remembered() -> None:
    channel = Channel(0, "")
    for number in range(MOST_SOURCES + 5):
        channel.take(lines(1, source=Source(f"web-{number}", "app")))
    assert len(channel.join(10, "").kept) == MOST_SOURCES
