"""Says on an answer how long its visit was held, where browsers show it (W3C Server Timing)."""

from mitmproxy import http

from addons.admission import HELD


class ServerTiming:
    """Adds `Server-Timing: torpor;dur=<milliseconds>`."""

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """A line of its own counts as appended to the app's (RFC 9110 section 5.3)."""
        held = flow.metadata.get(HELD)
        if held and flow.response is not None:
            flow.response.data.headers.fields += ((b"Server-Timing", b"torpor;dur=%.1f" % (held * 1000)),)
