"""Through the API server of a cluster to the scaler's Service: no port is forwarded, and nothing is set up.

A GET there takes the permission `get` on `services/proxy`, a change `create`. The API server keeps `Authorization` to
itself; the scaler's own token goes in `Torpor-Token`.
"""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from scaler.runtimes.kubernetes.api.access import NoAccess, find
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.stream import TooLarge
from torpor.cli.carrier import AGENT, MAX_ANSWER, SILENCE, YAML, Answer, late, seconds
from torpor.cli.failure import Failed
from torpor.cli.kubernetes.background import Background
from torpor.cli.say import printable
from torpor.cli.where import Within
from torpor.token import HEADER

PIECES = 64
"""Pieces of a stream that are kept for a reader who is slow."""
HEAD = 10.0
"""Seconds for a stream to begin."""


class Head(NamedTuple):
    """How a stream begins."""

    status: int
    retry_after: float | None


type Piece = Head | bytes | Failed | None
"""Of a stream, in this order: its head, its body, and why or that it has ended."""


class Through:
    """See `torpor.cli.carrier.Carrier`. Raises Failed where the kubeconfig cannot be used."""

    def __init__(self, within: Within) -> None:
        self._within = within
        self.hint = within.hint
        try:
            self.background = Background(find(context=within.context))
        except NoAccess as error:
            raise Failed(self._hinted(str(error))) from None
        except Failed as failure:
            raise Failed(self._hinted(failure.message)) from None
        self.place = f"{within.service} in the cluster at {self.background.cluster.host}"
        self._headers = {"User-Agent": AGENT} | ({HEADER: within.token} if within.token else {})

    def ask(self, method: str, path: str, accept: str, deadline: float) -> Answer:
        """One request without a body, and its answer. Raises Failed."""
        return self.background.run(self.answer(method, path, accept, deadline))

    @contextmanager
    def stream(self, path: str, accept: str, method: str = "GET", body: bytes | None = None) -> Iterator["_Stream"]:
        """One request whose answer is read as it comes; a body is YAML. Raises Failed."""
        pieces: asyncio.Queue[Piece] = asyncio.Queue(PIECES)
        pumping = self.background.submit(self._pump(method, path, accept, body, pieces))
        try:
            first = self.background.run(pieces.get())
            if isinstance(first, Failed):
                raise first
            yield _Stream(self, first if isinstance(first, Head) else Head(0, None), self.background, pieces)
        finally:
            pumping.cancel()

    def close(self) -> None:
        """Close the connections."""
        self.background.close()

    def refused(self, status: int, body: bytes) -> Failed | None:
        """Why the API server did not pass the request on, when that is what its answer says."""
        try:
            said = json.loads(body)
        except ValueError:
            return None
        if status < 400 or not isinstance(said, dict) or said.get("kind") != "Status":
            return None
        return Failed(self._hinted(self._why(status, said)))

    def _why(self, status: int, said: Mapping[str, Any]) -> str:
        namespace, _, name = self._within.service.partition("/")
        message = printable(str(said.get("message") or "no words came with it"))
        match status:
            case 401:
                return f"the cluster at {self.background.cluster.host} does not take the kubeconfig's credentials"
            case 403:
                needed = "get (to look) and create (to wake and to put to sleep) on services/proxy"
                return f"{message}; it takes {needed} in the namespace {namespace}, `torpor delete` takes delete"
            case 404:
                there = f"there is no Service {name} in the namespace {namespace} of {self.background.cluster.host}"
                return f"{there}; name it with --service NAMESPACE/NAME, or the cluster with --context"
            case 503 if "no endpoints" in message:
                looks = f"kubectl -n {namespace} get pods"
                return f"no scaler is ready behind the Service {self._within.service}; `{looks}` says more"
            case _:
                return f"the API server could not ask {self._within.service}: {message}"

    def _hinted(self, sentence: str) -> str:
        return f"{sentence} ({self.hint})" if self.hint else sentence

    async def answer(self, method: str, path: str, accept: str, deadline: float) -> Answer:
        """The same, for those who are in its event loop. Raises Failed."""
        headers = {**self._headers, "Accept": accept}
        try:
            async with (
                asyncio.timeout(deadline),
                self.background.cluster.open(method, self._path(path), headers=headers, deadline=deadline) as stream,
            ):
                answer = Answer(stream.status, await stream.body(MAX_ANSWER))
        except (TimeoutError, TooLarge):
            raise Failed(late(self.place, deadline)) from None
        except ApiError as error:
            raise Failed(self._hinted(printable(str(error)))) from None
        if (failure := self.refused(*answer)) is not None:
            raise failure
        return answer

    async def _pump(
        self, method: str, path: str, accept: str, body: bytes | None, pieces: "asyncio.Queue[Piece]"
    ) -> None:
        headers = {**self._headers, "Accept": accept} | ({"Content-Type": YAML} if body is not None else {})
        head = HEAD if method == "GET" else SILENCE
        place = self._path(path)
        try:
            async with self.background.cluster.open(
                method, place, None, body, headers=headers, deadline=head
            ) as stream:
                await pieces.put(Head(stream.status, seconds(stream.headers.get("Retry-After"))))
                async for piece in stream.chunks(SILENCE):
                    await pieces.put(piece)
            await pieces.put(None)
        except ApiError as error:
            await pieces.put(Failed(self._hinted(printable(str(error)))))
        except Exception:
            await pieces.put(None)  # a mistake of ours; whoever reads must not wait for ever
            raise

    def _path(self, path: str) -> str:
        namespace, _, name = self._within.service.partition("/")
        return f"/api/v1/namespaces/{namespace}/services/http:{name}:api/proxy{path}"


class _Stream:
    def __init__(self, through: Through, head: Head, background: Background, pieces: "asyncio.Queue[Piece]") -> None:
        self.status, self.retry_after = head
        self._through = through
        self._background = background
        self._pieces = pieces

    def lines(self) -> Iterator[bytes]:
        rest = b""
        while piece := self._next():
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > MAX_ANSWER:
                raise Failed(f"{self._through.place} sends a line without an end")
            yield from (line + b"\n" for line in whole)
        if rest:
            yield rest

    def body(self) -> bytes:
        whole = b""
        while (piece := self._next()) and len(whole) < MAX_ANSWER:
            whole += piece
        if (failure := self._through.refused(self.status, whole)) is not None:
            raise failure
        return whole

    def _next(self) -> bytes:
        piece = self._background.run(self._pieces.get())
        if isinstance(piece, Failed):
            raise piece
        return piece if isinstance(piece, bytes) else b""
