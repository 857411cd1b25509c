"""The REST client of the command line: the standard library's, because it is there in a few milliseconds.

Every answer has a deadline and a size; every failure becomes one sentence that says what to do.
"""

import http.client
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

from torpor import __version__
from torpor.cli.failure import Failed
from torpor.cli.say import printable
from torpor.cli.where import Where

DEADLINE = 10.0
"""Seconds for an answer that waits for nothing."""
SILENCE = 60.0
"""Seconds without a word on a stream of events until the connection is lost; the API gives a sign of life every 15."""
MAX_ANSWER = 64 * 1024 * 1024
"""Bytes; 10,000 apps take about 5 MiB."""


class Api:
    """Asks a running Torpor. Raises Failed with the API's own reason, or why there was no answer."""

    def __init__(self, where: Where) -> None:
        self.url = where.url
        self._token = where.token

    def get(self, path: str, deadline: float = DEADLINE) -> Any:
        """The JSON at a path."""
        return self._object(self._ask("GET", path, deadline, "application/json"))

    def text(self, path: str, deadline: float = DEADLINE) -> str:
        """The text at a path."""
        return self._ask("GET", path, deadline, "text/plain").decode(errors="replace")

    def post(self, path: str, deadline: float = DEADLINE) -> Any:
        """The JSON answer to a POST without a body."""
        return self._object(self._ask("POST", path, deadline, "application/json"))

    def events(self, path: str, on_open: Callable[[], None] = lambda: None) -> Iterator[dict[str, Any]]:
        """The server-sent events of a path (WHATWG HTML, 9.2.6), as their JSON, until the server ends the stream.

        `on_open` is called when the server has begun to send: nothing that happens from then on is missed.
        """
        with closing(self._connection(SILENCE)) as connection:
            response = self._send(connection, "GET", path, "text/event-stream")
            if response.status != 200:
                raise self._refused(response.status, response.read(MAX_ANSWER))
            on_open()
            data: list[str] = []
            while line := self._line(response):
                name, _, value = line.decode(errors="replace").rstrip("\r\n").partition(":")
                if name == "data":
                    data.append(value.removeprefix(" "))
                elif not name and not value and data:
                    yield self._object("\n".join(data).encode())
                    data = []

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Inside, an answer is taken apart; one without the members it should have is not from a Torpor."""
        try:
            yield
        except (LookupError, TypeError, AttributeError):
            raise self._stranger() from None

    def _line(self, response: http.client.HTTPResponse) -> bytes:
        try:
            return response.readline(MAX_ANSWER)
        except TimeoutError:
            raise Failed(f"{self.url} has sent nothing for {SILENCE:.0f}s; the connection is lost") from None
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"the connection to {self.url} was lost: {error}") from None

    def _ask(self, method: str, path: str, deadline: float, accept: str) -> bytes:
        until = time.monotonic() + deadline
        with closing(self._connection(deadline)) as connection:
            response = self._send(connection, method, path, accept)
            body = b""
            try:
                while part := response.read1(65536):
                    body += part
                    if time.monotonic() > until or len(body) > MAX_ANSWER:
                        raise TimeoutError
            except TimeoutError:
                raise Failed(self._late(deadline)) from None
            except (OSError, http.client.HTTPException) as error:
                raise Failed(f"the connection to {self.url} was lost: {error}") from None
        if response.status >= 400:
            raise self._refused(response.status, body)
        return body

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=timeout)

    def _send(
        self, connection: http.client.HTTPConnection, method: str, path: str, accept: str
    ) -> http.client.HTTPResponse:
        headers = {"Accept": accept, "User-Agent": f"torpor/{__version__}"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, urlsplit(self.url).path + path, headers=headers)
            return connection.getresponse()
        except ConnectionRefusedError:
            raise Failed(f"nothing answers at {self.url}; is `torpor up` running?") from None
        except TimeoutError:
            raise Failed(self._late(connection.timeout or 0)) from None
        except socket.gaierror:
            raise Failed(f"there is no host {connection.host!r}; check --api or TORPOR_API") from None
        except http.client.HTTPException:
            raise self._stranger() from None
        except (OSError, ValueError) as error:
            raise Failed(f"{self.url} cannot be asked: {error}") from None

    def _late(self, deadline: float) -> str:
        return f"{self.url} has not answered in full within {deadline:g}s"

    def _refused(self, status: int, body: bytes) -> Failed:
        try:
            detail = json.loads(body)["detail"]
        except (ValueError, LookupError, TypeError):
            return self._stranger(status)
        hint = "; the token is taken from TORPOR_TOKEN" if status == 401 else ""
        return Failed("\n".join(printable(line) for line in str(detail).splitlines()) + hint)

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
        return Failed(f"what answers at {self.url}{said} is not Torpor's API; check --api, TORPOR_API or `api:`")


def app_path(app: str) -> str:
    """The path of an app; the slash of `namespace/name` stays a slash."""
    return f"/v1/apps/{quote(app, safe='/')}"
