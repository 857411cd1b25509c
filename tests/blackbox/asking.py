"""A running Torpor as its visitors and its operators see it: two addresses."""

import dataclasses
import http.client
import json
import time
from collections.abc import Callable
from typing import Any

DEADLINE = 60.0
"""Seconds for a single request, and for a condition, unless told otherwise."""


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """An answer, read to its end."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Asking:
    """Where visitors come in, and where the API is."""

    listen: tuple[str, int]
    api: tuple[str, int]

    def visit(
        self,
        app: str,
        path: str = "/",
        method: str = "GET",
        *,
        headers: dict[str, str] | None = None,
        body: Any = None,
        within: float = DEADLINE,
    ) -> Reply:
        """A request for `app` (its host is app.localhost) on a connection of its own; nobody retries it."""
        return request(self.listen, method, path, {"Host": f"{app}.localhost", **(headers or {})}, body, within)

    def rest(self, method: str, path: str, *, within: float = DEADLINE) -> Reply:
        """A request for the API."""
        return request(self.api, method, path, {}, None, within)

    def app(self, name: str) -> dict[str, Any]:
        """How the app is."""
        reply = self.rest("GET", f"/v1/apps/{name}")
        assert reply.status == 200, reply
        found: dict[str, Any] = reply.json()
        return found

    def phase(self, name: str) -> str:
        """The app's phase."""
        return str(self.app(name)["phase"])

    def wait_phase(self, name: str, phase: str, within: float = DEADLINE) -> None:
        """Wait until the app has this phase."""
        wait(lambda: self.phase(name) == phase, within, what=lambda: f"{name} is not {phase}: {self.app(name)}")

    def sleep(self, name: str) -> None:
        """Put the app to sleep, which nothing keeps from it but a visit that is just ending: its answer is out, and the
        engine has yet to notice."""

        def sleeps() -> bool:
            reply = self.rest("POST", f"/v1/apps/{name}/sleep")
            assert reply.status == 200 or (reply.status == 409 and " in flight" in reply.json()["detail"]), reply
            return reply.status == 200

        wait(sleeps, what=lambda: f"{name} does not sleep: {self.app(name)}")
        assert self.phase(name) == "asleep"

    @property
    def api_url(self) -> str:
        """The address of the API."""
        return f"http://{self.api[0]}:{self.api[1]}"


def request(
    address: tuple[str, int], method: str, path: str, headers: dict[str, str], body: Any, within: float
) -> Reply:
    """One request on a connection of its own."""
    connection = http.client.HTTPConnection(*address, timeout=within)
    try:
        connection.request(method, path, body=body, headers=headers)
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())
    finally:
        connection.close()


def wait(condition: Callable[[], bool], within: float = DEADLINE, *, what: Callable[[], str] | None = None) -> None:
    """Wait until the condition holds; fail with `what` when it does not in time."""
    end = time.monotonic() + within
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"not within {within} s" + (f": {what()}" if what else ""))
        time.sleep(0.02)


def address(text: str) -> tuple[str, int]:
    """`HOST:PORT`."""
    host, _, port = text.rpartition(":")
    return host, int(port)
