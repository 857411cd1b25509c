"""A cluster's API server: JSON in, JSON out, a deadline on every call.

What is tried again here is only what surely has not been done: a call that was refused for its credentials (401), which
are then renewed, and one that was turned away because the server has too much to do (429), after the time that it asks
for and within the call's own deadline. A write whose answer got lost may have been carried out: it is never repeated
here, with a resourceVersion or without. Whoever wrote reads the object, and knows (`Unreachable.sent`).
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from copy import copy
from types import TracebackType
from typing import Any, Literal, NamedTuple, Self
from urllib.parse import quote, urlencode

import aiohttp

from scaler.runtimes.kubernetes.api.access import Access, NoAccess
from scaler.runtimes.kubernetes.api.connection import Connection
from scaler.runtimes.kubernetes.api.errors import ApiError, NotLeading, Unreachable, from_answer
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.api.stream import Stream
from torpor import __version__

type Json = dict[str, Any]
"""An object as the API server writes it."""

DEADLINE = 10.0
"""Seconds for a call, tries and answer included."""
FIRST_LINE = 3600.0
"""Seconds for an output that is followed to begin: its head comes with its first line. A server that is gone is noticed
sooner (see `connection`)."""
PAGE = 250
"""Objects asked for at a time: some 25 ms of reading JSON."""
AT_ONCE = 64
"""Calls under way at once; watches and logs aside."""
TURNED_AWAY = 3
"""How often a call is tried that the server turns away because it has too much to do."""
LONGEST_PAUSE = 5.0
"""Seconds between two such tries, whatever the server asks for."""
FIELD_MANAGER = "torpor"
NAMES_ONLY = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""Accepted for a list of which only the metadata is wanted."""
_MEDIA = {"merge": "application/merge-patch+json", "apply": "application/apply-patch+yaml"}


type Called = Callable[[str, int | None, float], None]
"""The verb, the status (None: no answer), and the seconds until the answer began, tries included."""


class Page(NamedTuple):
    """Some objects of a list."""

    items: list[Json]
    version: str
    """The resource version of the list as a whole: where a watch goes on."""
    more: str
    """Token for the next page; empty after the last."""


class Cluster:
    """`async with Cluster(access) as cluster: …`. Every call raises ApiError, of which Unreachable is one."""

    def __init__(self, access: Access) -> None:
        self._connection = Connection(access)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._certain: Callable[[], bool] | None = None
        self.on_call: Called = lambda _verb, _status, _seconds: None
        """Told of every request; those who share this cluster later have it too."""

    def fenced(self, certain: Callable[[], bool]) -> Self:
        """The same cluster for somebody who may write only while it is certain that nobody else does: `NotLeading` is
        raised instead of a write at any other time."""
        fenced = copy(self)
        fenced._certain = certain
        return fenced

    async def __aenter__(self) -> Self:
        """Reads the configuration; the server is not asked for anything yet. Raises NoAccess."""
        await self._connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._connection.close()

    def apart(self) -> Self:
        """The same cluster for somebody whose calls never wait for a place among those of others."""
        apart = copy(self)
        apart._places = asyncio.Semaphore(AT_ONCE)
        return apart

    @property
    def host(self) -> str:
        """The server's address, for people."""
        return self._connection.host

    async def read(self, path: str, query: Mapping[str, str] | None = None, *, deadline: float = DEADLINE) -> Any:
        """The JSON at a path."""
        return await self.call("GET", path, query, deadline=deadline)

    async def get(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        *,
        subresource: str | None = None,
        deadline: float = DEADLINE,
    ) -> Json:
        """One object, or one of its subresources."""
        return _object(await self.read(kind.path(namespace, name, subresource), deadline=deadline))

    async def page(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        limit: int = PAGE,
        more: str = "",
        metadata: bool = False,
        deadline: float = DEADLINE,
    ) -> Page:
        """Some objects of a kind, as of now (or, with `more`, as of the first page). With `metadata` only that."""
        query = {"limit": str(limit)} | ({"continue": more} if more else {})
        query |= selectors(label_selector, field_selector)
        headers = {"Accept": NAMES_ONLY} if metadata else None
        said = _object(await self.call("GET", kind.path(namespace), query, headers=headers, deadline=deadline))
        meta = said.get("metadata") or {}
        return Page(said.get("items") or [], meta.get("resourceVersion") or "", meta.get("continue") or "")

    async def list_all(
        self,
        kind: Kind,
        namespace: str | None = None,
        *,
        label_selector: str = "",
        field_selector: str = "",
        metadata: bool = False,
    ) -> list[Json]:
        """All objects of a kind. For one look; `Watch` is for those who want to know of changes."""
        found: list[Json] = []
        more = ""
        while True:
            page = await self.page(
                kind,
                namespace,
                label_selector=label_selector,
                field_selector=field_selector,
                more=more,
                metadata=metadata,
            )
            found += page.items
            more = page.more
            if not more:
                return found

    async def patch(
        self,
        kind: Kind,
        namespace: str | None,
        name: str,
        body: Json,
        *,
        how: Literal["merge", "apply"] = "merge",
        subresource: str | None = None,
        field_manager: str = FIELD_MANAGER,
        force: bool = False,
        dry_run: bool = False,
        deadline: float = DEADLINE,
    ) -> Json:
        """Change one object; returns it as it is now. With `metadata.resourceVersion` in the body it is only changed if
        nobody has changed it since (else: `conflict`). `force`, for `apply`, takes fields from other managers."""
        query = {"fieldManager": field_manager} | ({"dryRun": "All"} if dry_run else {})
        if how == "apply":
            query["fieldValidation"] = "Strict"
        if how == "apply" and force:
            query["force"] = "true"
        path = kind.path(namespace, name, subresource)
        return _object(await self.call("PATCH", path, query, body, media=_MEDIA[how], deadline=deadline))

    async def create(
        self,
        kind: Kind,
        namespace: str | None,
        body: Json,
        *,
        field_manager: str = FIELD_MANAGER,
        dry_run: bool = False,
        deadline: float = DEADLINE,
    ) -> Json:
        """Make a new object; returns it. `conflict` when it exists."""
        body = {"apiVersion": kind.api_version, "kind": kind.kind, **body}
        query = {"fieldManager": field_manager} | ({"dryRun": "All"} if dry_run else {})
        return _object(await self.call("POST", kind.path(namespace), query, body, deadline=deadline))

    async def delete(
        self, kind: Kind, namespace: str | None, name: str, *, version: str | None = None, deadline: float = DEADLINE
    ) -> None:
        """Delete one object; with `version` only if nobody has changed it since (else: `conflict`)."""
        body = None if version is None else {"preconditions": {"resourceVersion": version}}
        await self.call("DELETE", kind.path(namespace, name), None, body, deadline=deadline)

    @asynccontextmanager
    async def log(
        self,
        namespace: str,
        pod: str,
        *,
        container: str | None = None,
        tail: int | None = None,
        since: str = "",
        follow: bool = False,
        previous: bool = False,
        most: int | None = None,
    ) -> AsyncIterator[Stream]:
        """The output of a container, with the time in front of each line: the last `tail` lines, of those since the
        second that a time is in, the first `most` bytes of those, and with `follow` all that is still to come.
        `previous` is the container's last run before this one."""
        query = {"container": container, "tailLines": tail, "limitBytes": most, "timestamps": "true"}
        query |= {"sinceTime": since or None}
        query |= {"follow": "true" if follow else None, "previous": "true" if previous else None}
        given = {name: str(value) for name, value in query.items() if value is not None}
        from_path = f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(pod, safe='')}/log"
        async with self.open("GET", from_path, given, deadline=FIRST_LINE if follow else DEADLINE) as stream:
            yield await _fine(stream)

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
        *,
        media: str = "application/json",
        headers: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
    ) -> Any:
        """One call of the API by its path: the JSON of the answer."""
        if method != "GET" and self._certain is not None and not self._certain():
            raise NotLeading
        asked = False
        try:
            async with asyncio.timeout(deadline), self._places:
                asked = True
                opened = self.open(method, path, query, body, media=media, headers=headers, deadline=deadline)
                async with opened as stream:
                    whole = await (await _fine(stream)).body()
        except TimeoutError:
            if not asked:
                message = f"more is asked of the API server at {self.host} than it answers within {deadline:g}s"
                raise Unreachable(message, sent=False) from None
            raise self._late(deadline) from None
        try:
            return json.loads(whole)
        except ValueError:
            message = f"what {self.host} answers is not JSON: is it an API server of Kubernetes?"
            raise ApiError(stream.status, "NotJson", message) from None

    @asynccontextmanager
    async def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Json | bytes | None = None,
        *,
        media: str = "application/json",
        headers: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
    ) -> AsyncIterator[Stream]:
        """Any request, its answer to be read as it comes, whatever its status: for watches, logs, and the API server's
        way through to a service (`/api/v1/namespaces/…/services/…/proxy/…`). `deadline` is for the answer's head."""
        began = time.monotonic()
        verb, status = "watch" if "watch" in (query or ()) else method.lower(), None
        if query:
            path = f"{path}?{urlencode(query, quote_via=quote)}"
        sent = {"Accept": "application/json", "User-Agent": f"torpor/{__version__}", "Content-Type": media}
        sent |= headers or {}
        try:
            async with asyncio.timeout(deadline) as limit:
                response = await self._send(method, path, sent, body, limit.when() or 0.0)
                status = response.status
        except NoAccess as error:
            raise Unreachable(str(error), sent=False) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise Unreachable(f"the API server at {self.host} cannot be reached: {error}", sent=False) from error
        except TimeoutError:
            raise self._late(deadline) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            why = str(error) or type(error).__name__
            raise Unreachable(f"the API server at {self.host} broke off: {why}", sent=True) from error
        finally:
            self.on_call(verb, status, time.monotonic() - began)
        try:
            yield Stream(response)
        finally:
            response.close()

    async def _send(
        self, method: str, path: str, headers: dict[str, str], body: Json | bytes | None, until: float
    ) -> aiohttp.ClientResponse:
        now = asyncio.get_running_loop().time
        renewed, tries = False, 1
        while True:
            response = await self._connection.send(method, path, headers, body)
            if response.status == 401 and not renewed and await self._connection.renew():
                renewed = True
            elif response.status == 429 and tries < TURNED_AWAY:
                pause = min(LONGEST_PAUSE, from_answer(429, response.headers, b"").retry_after or 1.0)
                if now() + pause >= until:
                    return response
                tries += 1
                response.close()
                await asyncio.sleep(pause)
            else:
                return response
            response.close()

    def _late(self, deadline: float) -> Unreachable:
        return Unreachable(f"the API server at {self.host} has not answered within {deadline:g}s", sent=True)


def selectors(labels: str, fields: str) -> dict[str, str]:
    """Query parameters that narrow a list or a watch."""
    return ({"labelSelector": labels} if labels else {}) | ({"fieldSelector": fields} if fields else {})


async def _fine(stream: Stream) -> Stream:
    """The answer itself when it is a good one. Raises ApiError."""
    if 200 <= stream.status < 300:
        return stream
    raise from_answer(stream.status, stream.headers, await stream.body())


def _object(said: Any) -> Json:
    if not isinstance(said, dict):
        raise ApiError(0, "NotAnObject", "the API server answered with something that is not an object")
    return said
