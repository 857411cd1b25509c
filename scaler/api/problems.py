"""Every error leaves as problem JSON (RFC 9457): those raised on purpose, the web framework's, and our own mistakes."""

import difflib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus

from aiohttp import web

from scaler.api.switch import Stopping
from torpor.problem import CONTENT_TYPE, problem

logger = logging.getLogger(__name__)

SHOWN = 200
"""Characters of what a client sent that are repeated to it."""


class Problem(Exception):  # noqa: N818 - the word of RFC 9457
    """Ends a request with this status. `detail` says what is wrong and what to do; `more` are extension members."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}
        self.more = more

    def response(self) -> web.Response:
        """The answer. It names its type and forbids guessing another, even where no middleware has run."""
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "torpor", **self.headers}
        body = json.dumps(problem(self.status, self.detail, **self.more)) + "\n"
        return web.Response(status=self.status, body=body.encode(), content_type=CONTENT_TYPE, headers=headers)


class Errors:
    """Around everything else: whatever is raised inside becomes a problem document."""

    def __init__(self, handler: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]], routes: Sequence[str]):
        self._handler = handler
        self._routes = routes

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            # Before the framework does, which chokes on an expectation that is not UTF-8.
            if request.headers.get("Expect", "100-continue").lower() != "100-continue":
                raise Problem(417, "The one expectation that is met here is 100-continue (RFC 9110, section 10.1.1).")
            return await self._handler(request)
        except ConnectionError:
            raise  # nobody is there to be told
        except Exception as error:
            # Blind on purpose: an error must neither leak what is inside nor go unlogged.
            found = self._problem(request, error)
            if request.writer.output_size > 0:
                raise ConnectionResetError("the answer has begun; all that is left is to cut it off") from error
            return found.response()

    def _problem(self, request: web.BaseRequest, error: Exception) -> Problem:
        match error:
            case Problem():
                return error
            case Stopping():
                return Problem(503, "Torpor is stopping.", {"Retry-After": "5"})
            case web.HTTPMethodNotAllowed():
                return wrong_method(request, sorted(error.allowed_methods))
            case web.HTTPNotFound():
                return self._nothing_here(request)
            case web.HTTPRequestEntityTooLarge():
                return Problem(413, "The body is too large; nothing here takes more than 64 KiB, manifests 1 MiB.")
            case web.HTTPException() if error.status >= 400:
                return Problem(error.status, f"{error.reason}.")
            case _:
                logger.error("%s %r went wrong", request.method, request.path[:SHOWN], exc_info=error)
                return Problem(500, "An error inside Torpor; its log says more.")

    def _nothing_here(self, request: web.BaseRequest) -> Problem:
        path = request.path[:SHOWN]
        near = difflib.get_close_matches(path, self._routes, n=3, cutoff=0.5) or list(self._routes)
        return Problem(404, f"There is nothing at {path}. Near it: {', '.join(near)}.", near=near)


def wrong_method(request: web.BaseRequest, allowed: Sequence[str]) -> Problem:
    """405, with the Allow header that RFC 9110 section 15.5.6 demands."""
    takes = " or ".join(method for method in allowed if method != "HEAD")
    detail = f"{request.path[:SHOWN]} takes {takes}, not {request.method[:20]}."
    return Problem(HTTPStatus.METHOD_NOT_ALLOWED, detail, {"Allow": ", ".join(allowed)})
