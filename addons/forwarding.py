"""Tells the app who the visitor is, and the doorman too; the rules are in `proxy.forwarded`."""

from mitmproxy import http

from addons.admission import CLIENT
from proxy.forwarded import Trust


class Forwarding:
    """Writes X-Forwarded-* and Forwarded."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Replace what the client says of itself by what is known."""
        headers = flow.request.data.headers
        host = next((value for name, value in headers.fields if name.lower() == b"host"), b"")
        forwarded = self._trust.forward(flow.client_conn.peername[0], headers.fields, host)
        headers.fields = tuple(forwarded.headers)
        flow.metadata[CLIENT] = forwarded.client
