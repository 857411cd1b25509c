"""Lines that came at about the same time, put into the words of the API once for all who read them."""

import json
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache

from scaler.logs.line import Line, Source

AT_ONCE = 500
"""Lines of a batch, at most."""
MOST_BYTES = 128 * 1024
"""Of a batch of several lines."""
OVERHEAD = 220
"""Bytes that a line costs beside its text, about: those of its time, its objects, and its place."""


class Batch:
    """Some lines, in their order."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self.lines = tuple(lines)

    def __len__(self) -> int:
        return len(self.lines)

    @cached_property
    def size(self) -> int:
        """Bytes, about."""
        return size_of(self.lines)

    @cached_property
    def text(self) -> bytes:
        """For people: the text, behind its pod and container where it has any."""
        return "".join(f"{_told(source)}{text}\n" for _, source, text in self.lines).encode("utf-8", "replace")

    @cached_property
    def ndjson(self) -> bytes:
        """For programs: an object a line."""
        encoded = (f'{{"at":"{at}",{_named(source)}"line":{_quoted(text)}}}\n' for at, source, text in self.lines)
        return "".join(encoded).encode()


def batches(lines: Iterable[Line]) -> Iterator[Batch]:
    """The lines in batches."""
    some: list[Line] = []
    size = 0
    for line in lines:
        more = size_of((line,))
        if len(some) == AT_ONCE or (some and size + more > MOST_BYTES):
            yield Batch(some)
            some, size = [], 0
        some.append(line)
        size += more
    if some:
        yield Batch(some)


def size_of(lines: Iterable[Line]) -> int:
    """Bytes that the lines take, about."""
    return sum(len(line.text) + OVERHEAD for line in lines)


_quoted: Callable[[str], str] = json.JSONEncoder().encode


@lru_cache(256)
def _told(source: Source) -> str:
    return f"{source.pod} {source.container}: " if source.pod else ""


@lru_cache(256)
def _named(source: Source) -> str:
    return f'"pod":{_quoted(source.pod)},"container":{_quoted(source.container)},' if source.pod else ""
