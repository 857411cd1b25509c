"""What the REST client needs of a way to a running Torpor: straight to it, or through the API server of its cluster."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from torpor import __version__

SILENCE = 60.0
"""Seconds without a word on a stream until the connection is lost; the API gives a sign of life every 15."""
MAX_ANSWER = 64 * 1024 * 1024
"""Bytes; 10,000 apps take about 5 MiB."""
YAML = "application/yaml"
AGENT = f"torpor/{__version__}"


class Answer(NamedTuple):
    """A whole answer, good or bad."""

    status: int
    body: bytes


class Stream(Protocol):
    """An answer whose body comes as it is written."""

    @property
    def status(self) -> int: ...

    @property
    def retry_after(self) -> float | None:
        """Seconds after which the same may be asked again, where the answer says so."""

    def lines(self) -> Iterator[bytes]:
        """The lines as they come, with their ends, until the server ends the stream. Raises Failed."""

    def body(self) -> bytes:
        """All that is left. Raises Failed."""


class Carrier(Protocol):
    """Carries requests there. Whatever comes between is Failed, with what to do."""

    @property
    def place(self) -> str:
        """What is asked, for people."""

    @property
    def hint(self) -> str:
        """Said after the words of a refusal, where somebody may have meant another Torpor than was asked."""

    def ask(self, method: str, path: str, accept: str, deadline: float) -> Answer:
        """One request without a body, and its answer. Raises Failed."""

    def stream(
        self, path: str, accept: str, method: str = "GET", body: bytes | None = None
    ) -> AbstractContextManager[Stream]:
        """One request whose answer is read as it comes; a body is YAML. Raises Failed."""

    def close(self) -> None:
        """Let go of what is open."""


def late(place: str, deadline: float) -> str:
    """The words for an answer that did not come in time."""
    return f"{place} has not answered in full within {deadline:g}s"


def seconds(text: str | None) -> float | None:
    """A Retry-After, as Torpor writes it (RFC 9110, section 10.2.3)."""
    return float(text) if text is not None and text.isascii() and text.isdecimal() and len(text) < 6 else None


def silent(place: str) -> str:
    """The words for a stream that has gone quiet."""
    return f"{place} has sent nothing for {SILENCE:.0f}s; the connection is lost"
