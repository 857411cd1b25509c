"""The REST client of the command line, whichever way its requests go.

Every answer has a deadline and a size; every failure becomes one sentence that says what to do.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

from torpor.cli.carrier import Carrier
from torpor.cli.failure import Failed, Refused
from torpor.cli.say import printable

DEADLINE = 10.0
"""Seconds for an answer that waits for nothing."""


class Api:
    """Asks a running Torpor. Raises Failed with the API's own reason, or why there was no answer."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    @property
    def place(self) -> str:
        """What is asked, for people."""
        return self._carrier.place

    def get(self, path: str, deadline: float = DEADLINE) -> Any:
        """The JSON at a path."""
        return self._object(self._ask("GET", path, deadline, "application/json"))

    def post(self, path: str, deadline: float = DEADLINE) -> Any:
        """The JSON answer to a POST without a body."""
        return self._object(self._ask("POST", path, deadline, "application/json"))

    def events(
        self,
        path: str,
        on_open: Callable[[], None] = lambda: None,
        *,
        method: str = "GET",
        body: bytes | None = None,
    ) -> Iterator[dict[str, Any]]:
        """The server-sent events of a path (WHATWG HTML, 9.2.6), as their JSON, until the server ends the stream.

        `on_open` is called when the server has begun to send: nothing that happens from then on is missed.
        """
        with self._carrier.stream(path, "text/event-stream", method, body) as stream:
            if stream.status != 200:
                raise self._refused(stream.status, stream.body(), stream.retry_after)
            on_open()
            data: list[str] = []
            for line in stream.lines():
                name, _, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
                if name == "data":
                    data.append(value.removeprefix(" "))
                elif not name and not value and data:
                    yield self._object("\n".join(data).encode())
                    data = []

    def lines(self, path: str) -> Iterator[dict[str, Any]]:
        """The JSON lines of a path as they come, until the server ends the stream; half a line is none."""
        with self._carrier.stream(path, "application/x-ndjson") as stream:
            if stream.status != 200:
                raise self._refused(stream.status, stream.body())
            for line in stream.lines():
                if line.endswith(b"\n") and line.strip():
                    yield self._object(line)

    def close(self) -> None:
        """Let go of what is open."""
        self._carrier.close()

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Inside, an answer is taken apart; one without the members it should have is not from a Torpor."""
        try:
            yield
        except (LookupError, TypeError, AttributeError):
            raise self._stranger() from None

    def _ask(self, method: str, path: str, deadline: float, accept: str) -> bytes:
        status, body = self._carrier.ask(method, path, accept, deadline)
        if status >= 400:
            raise self._refused(status, body)
        return body

    def _refused(self, status: int, body: bytes, retry_after: float | None = None) -> Failed:
        try:
            detail = json.loads(body)["detail"]
        except (ValueError, LookupError, TypeError):
            return self._stranger(status)
        said = "\n".join(printable(line) for line in str(detail).splitlines())
        if status == 401:
            said = f"{said.removesuffix('.')}; the token is taken from TORPOR_TOKEN"
        return Refused(said + (f" ({self._carrier.hint})" if self._carrier.hint else ""), status, retry_after)

    def _object(self, body: bytes) -> Any:
        try:
            found = json.loads(body)
        except ValueError:
            raise self._stranger() from None
        if not isinstance(found, dict):
            raise self._stranger()
        return found

    def _stranger(self, status: int | None = None) -> Failed:
        said = f" (status {status})" if status else ""
        place = self._carrier.place
        return Failed(f"what answers at {place}{said} is not Torpor's API; check --api, TORPOR_API or `api:`")


def app_path(app: str) -> str:
    """The path of an app; the slash of `namespace/name` stays a slash."""
    return f"/v1/apps/{quote(app, safe='/')}"
