"""Takes out the headers that are meant for one connection only (RFC 9110 section 7.6.1), in both directions."""

from mitmproxy import http

from addons.layers.heads import tokens

_ALWAYS = frozenset(
    (
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authorization",  # for us, who ask for none; never for the app
        b"proxy-authenticate",
        b"te",  # trailers are not passed on, so nobody may be promised any
        b"trailer",
        b"upgrade",
        b"http2-settings",
        b"proxy",  # CGI-like apps would read it as their own HTTP_PROXY
        b"content_length",  # and these as the framing
        b"transfer_encoding",
    )
)
_FRAMING = frozenset((b"host", b"content-length", b"transfer-encoding"))
_WHO = (b"x-forwarded-", b"forwarded", b"x-real-ip")
"""What a client must not have removed by naming it in `Connection`: the framing, and who it is."""


class HopByHop:
    """Removes them; the layers write those of their own connections."""

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Keep `Upgrade` where it can be honoured: HTTP/1.1, no body, and not to HTTP/2.

        Behind an upgrade to HTTP/2 more requests would come past the doorman, with headers of the client's own making.
        """
        data = flow.request.data
        fields = data.headers.fields
        named = tokens(fields, b"connection")
        upgrade = tokens(fields, b"upgrade") if b"upgrade" in named else set()
        data.headers.fields = _without(fields, named)
        bodyless = all(name.lower() not in (b"content-length", b"transfer-encoding") for name, _ in fields)
        if upgrade and data.http_version == b"HTTP/1.1" and bodyless and not any(p.startswith(b"h2") for p in upgrade):
            wanted = tuple(field for field in fields if field[0].lower() == b"upgrade")
            data.headers.fields += ((b"Connection", b"Upgrade"), *wanted)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The same for the answer; a 101 says what it switched to."""
        if flow.response is None:
            return
        data = flow.response.data
        fields = data.headers.fields
        data.headers.fields = _without(fields, tokens(fields, b"connection"))
        if data.status_code == 101:
            data.headers.fields += tuple(field for field in fields if field[0].lower() == b"upgrade")


def _without(fields: tuple[tuple[bytes, bytes], ...], named: set[bytes]) -> tuple[tuple[bytes, bytes], ...]:
    dropped = _ALWAYS | {name for name in named - _FRAMING if not name.startswith(_WHO)} if named else _ALWAYS
    return tuple(field for field in fields if field[0].lower() not in dropped)
