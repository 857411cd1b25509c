"""Straight to the address of a Torpor: by the standard library, because it is there in a few milliseconds."""

import http.client
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

from torpor.cli.carrier import AGENT, MAX_ANSWER, SILENCE, YAML, Answer, late, seconds, silent
from torpor.cli.failure import Failed
from torpor.cli.where import Where


class Direct:
    """See `torpor.cli.carrier.Carrier`."""

    def __init__(self, where: Where) -> None:
        self._url = where.url
        self._token = where.token
        self.hint = where.hint

    @property
    def place(self) -> str:
        """The URL."""
        return self._url

    def ask(self, method: str, path: str, accept: str, deadline: float) -> Answer:
        """One request without a body, and its answer. Raises Failed."""
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
                raise Failed(late(self._url, deadline)) from None
            except (OSError, http.client.HTTPException) as error:
                raise Failed(f"the connection to {self._url} was lost: {error}") from None
        return Answer(response.status, body)

    @contextmanager
    def stream(self, path: str, accept: str, method: str = "GET", body: bytes | None = None) -> Iterator["_Stream"]:
        """One request whose answer is read as it comes; a body is YAML. Raises Failed."""
        with closing(self._connection(SILENCE)) as connection:
            yield _Stream(self._url, self._send(connection, method, path, accept, body))

    def close(self) -> None:
        """Nothing is left open."""

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=timeout)

    def _send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        accept: str,
        body: bytes | None = None,
    ) -> http.client.HTTPResponse:
        headers = {"Accept": accept, "User-Agent": AGENT} | ({"Content-Type": YAML} if body is not None else {})
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, urlsplit(self._url).path + path, body, headers)
            return connection.getresponse()
        except ConnectionRefusedError:
            raise Failed(f"nothing answers at {self._url}; is `torpor up` running?") from None
        except TimeoutError:
            raise Failed(late(self._url, connection.timeout or 0)) from None
        except socket.gaierror:
            raise Failed(f"there is no host {connection.host!r}; check --api or TORPOR_API") from None
        except http.client.HTTPException:
            raise Failed(
                f"what answers at {self._url} is not Torpor's API; check --api, TORPOR_API or `api:`"
            ) from None
        except (OSError, ValueError) as error:
            raise Failed(f"{self._url} cannot be asked: {error}") from None


class _Stream:
    def __init__(self, url: str, response: http.client.HTTPResponse) -> None:
        self._url = url
        self._response = response
        self.status = response.status
        self.retry_after = seconds(response.getheader("Retry-After"))

    def lines(self) -> Iterator[bytes]:
        while line := self._line():
            yield line

    def body(self) -> bytes:
        try:
            return self._response.read(MAX_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"the connection to {self._url} was lost: {error}") from None

    def _line(self) -> bytes:
        try:
            return self._response.readline(MAX_ANSWER)
        except TimeoutError:
            raise Failed(silent(self._url)) from None
        except (OSError, http.client.HTTPException) as error:
            raise Failed(f"the connection to {self._url} was lost: {error}") from None
