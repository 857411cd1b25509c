"""Asks the doorman about every visit and does as it says; and hands every Forward back, exactly once.

This is the only place that knows of a Forward. A client's connection has at most one visit at a time, so the open
ones are kept by connection, and there are two ends: the visit's own (`visit_ended`) and, for whatever is left by
then, the connection's (`client_disconnected`). A leak would keep an app awake for ever.
"""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from functools import partial

from mitmproxy import connection, http

from addons.doorman import Doorman
from addons.layers.answers import own
from addons.layers.heads import tokens
from addons.layers.upstream import APP
from proxy.visit import Forward, Gone, Verdict, Visit
from torpor.routes import normalise_host

CLIENT = "torpor.client"
"""In a flow's metadata: the visitor's address, from the addon that reads forwarding headers."""
HELD = "torpor.held"
"""In a flow's metadata: seconds that the visit was held."""


@dataclass(slots=True, eq=False)
class _Open:
    """A visit between its request's head and its end."""

    visit: Visit
    gone: Gone = field(default_factory=Gone)
    forward: Forward | None = None

    def forwarded(self) -> Forward:
        """The Forward that it goes by."""
        if self.forward is None:
            raise LookupError("this visit has not been forwarded")
        return self.forward


class Admission:
    """The doorman's word is law."""

    def __init__(self, doorman: Doorman) -> None:
        self._doorman = doorman
        self._open: dict[str, _Open] = {}

    def __len__(self) -> int:
        return len(self._open)

    def requestheaders(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """Admit the visit; it waits here, and nowhere else, while its app wakes."""
        entry = self._open[flow.client_conn.id] = _Open(make_visit(flow))
        verdict = self._doorman.glance(entry.visit)
        if verdict is None:
            return self._hold(flow, entry)
        self._settle(flow, entry, verdict)
        return None

    def upstream_refused(self, flow: http.HTTPFlow, error: str) -> Awaitable[None]:
        """Ask again; nothing of the visit has been sent yet."""
        entry = self._open[flow.client_conn.id]
        forward, entry.forward = entry.forwarded(), None  # the doorman takes it back
        return self._ask_again(flow, entry, forward, error)

    def upstream_broken(self, flow: http.HTTPFlow, reason: str) -> None:
        """Have the failure told in Torpor's own words."""
        entry = self._open[flow.client_conn.id]
        flow.response = own(self._doorman.broken(entry.visit, entry.forwarded(), reason))

    def visit_ended(self, flow: http.HTTPFlow) -> None:
        """The visit has been answered, well or not."""
        self._close(flow.client_conn)

    def client_disconnected(self, client: connection.Client) -> None:
        """The client has left, or was cut off."""
        self._close(client)

    async def _ask_again(self, flow: http.HTTPFlow, entry: _Open, forward: Forward, error: str) -> None:
        self._settle(flow, entry, await self._doorman.again(entry.visit, forward, error, entry.gone))

    async def _hold(self, flow: http.HTTPFlow, entry: _Open) -> None:
        self._settle(flow, entry, await self._doorman.admit(entry.visit, entry.gone))

    def _settle(self, flow: http.HTTPFlow, entry: _Open, verdict: Verdict) -> None:
        if not isinstance(verdict, Forward):
            flow.response = own(verdict)
        elif entry.gone.is_set():
            self._doorman.done(verdict)  # the verdict and the client's leaving crossed
        else:
            entry.forward = verdict
            # Not request.host: its setter rewrites the Host header.
            flow.request.data.host, flow.request.data.port = verdict.address
            flow.metadata[HELD] = verdict.held
            flow.metadata[APP] = verdict.app

    def _close(self, client: connection.Client) -> None:
        entry = self._open.pop(client.id, None)
        if entry is not None:
            entry.gone.set()
            if entry.forward is not None:
                self._doorman.done(entry.forward)


def make_visit(flow: http.HTTPFlow) -> Visit:
    """The request as far as the doorman cares. A byte that is not UTF-8 becomes a replacement character."""
    data = flow.request.data
    found: dict[bytes, bytes] = {}
    for name, value in data.headers.fields:
        found.setdefault(name.lower(), value)

    def text(name: bytes) -> str:
        return found[name].decode("utf-8", "replace") if name in found else ""

    return Visit(
        host=normalise_host(text(b"host")),
        method=data.method.decode("ascii"),
        path=data.path.decode("utf-8", "replace"),
        client=flow.metadata.get(CLIENT) or flow.client_conn.peername[0],
        user_agent=text(b"user-agent"),
        accept=text(b"accept"),
        fetch_mode=text(b"sec-fetch-mode"),
        fetch_dest=text(b"sec-fetch-dest"),
        purpose=text(b"sec-purpose") or text(b"purpose"),
        upgrade=b"upgrade" in found and b"upgrade" in tokens(data.headers.fields, b"connection"),
        header=partial(_whole, data.headers.fields),
    )


def _whole(fields: tuple[tuple[bytes, bytes], ...], name: str) -> str | None:
    """The value of a header, whatever number of lines it is in (RFC 9110 section 5.3)."""
    wanted = name.encode()
    values = [value for key, value in fields if key.lower() == wanted]
    return b",".join(values).decode("utf-8", "replace") if values else None
