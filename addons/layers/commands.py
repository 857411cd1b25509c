"""What the layers say beyond mitmproxy's own words: three hooks, two ways to close, three events."""

from dataclasses import dataclass

from mitmproxy import http
from mitmproxy.connection import Connection
from mitmproxy.proxy import commands, events

from proxy.visit import Answer


@dataclass
class UpstreamRefusedHook(commands.StartHook):
    """The address did not take the connection; nothing of the visit has been sent. Set a new address, or a response."""

    flow: http.HTTPFlow
    error: str


@dataclass
class UpstreamBrokenHook(commands.StartHook):
    """The upstream took the request and broke off before its answer began. Set a response."""

    flow: http.HTTPFlow
    reason: str


@dataclass
class VisitEndedHook(commands.StartHook):
    """The visit has ended. Not said when the connection ends first: `client_disconnected` ends all that is left."""

    flow: http.HTTPFlow
    blocking = False


class LingerAndClose(commands.CloseConnection):
    """Say goodbye, read over what still comes for a moment, then close.

    Closing at once while the client still sends makes the kernel reset the connection, and what it has not read of
    our answer is lost (RFC 9112 section 9.6).
    """


class AbortConnection(commands.CloseConnection):
    """Close so that the client can tell that something is missing."""


class ClientOverdue(events.Event):
    """The client has not sent in time what it was waited for: a whole head, or more of a body."""


@dataclass
class UpstreamLost(events.Event):
    """The upstream's connection is closed, and all that was to be read from it has been read."""

    server: Connection


@dataclass
class RequestRejected(events.Event):
    """The client breaks the framing of its own request: the rest of it cannot be read."""

    answer: Answer
