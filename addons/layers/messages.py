"""Makes mitmproxy's requests and responses from parts that have been checked.

Their own constructors convert and check the types of all parts again, which takes a fifth of the time of a visit.
"""

from mitmproxy import http

type Field = tuple[bytes, bytes]


class _RequestData(http.RequestData):
    def __post_init__(self) -> None:
        pass


class _ResponseData(http.ResponseData):
    def __post_init__(self) -> None:
        pass


def make_request(method: bytes, target: bytes, version: bytes, fields: list[Field], now: float) -> http.Request:
    """A request in origin form, without its body."""
    request = http.Request.__new__(http.Request)
    request.data = _RequestData(
        http_version=version,
        headers=_headers(fields),
        content=None,
        trailers=None,
        timestamp_start=now,
        timestamp_end=None,
        host="",
        port=0,
        method=method,
        scheme=b"http",
        authority=b"",
        path=target,
    )
    return request


def make_response(
    status: int, reason: bytes, version: bytes, fields: list[Field], now: float, body: bytes | None = None
) -> http.Response:
    """A response, without its body unless one is given."""
    response = http.Response.__new__(http.Response)
    response.data = _ResponseData(
        http_version=version,
        headers=_headers(fields),
        content=body,
        trailers=None,
        timestamp_start=now,
        timestamp_end=None,
        status_code=status,
        reason=reason,
    )
    return response


def _headers(fields: list[Field]) -> http.Headers:
    headers = http.Headers()
    headers.fields = tuple(fields)
    return headers
