"""Who may do what: the token, and without one the browser's own word that no other site is behind a change.

Reads are free to all who can reach the API; that is why it listens on loopback unless told otherwise. What apps write
is none of that: where there is a token, it takes the token, for there are passwords in logs. A web page of
another site can reach loopback too, through its visitor's browser, in two ways. It can send changes blindly: these
are told by `Sec-Fetch-Site` and `Origin` (the rule of Go's net/http.CrossOriginProtection). And it can point its own
name at 127.0.0.1 (DNS rebinding), which makes it the same origin: that is told by the Host it asks for.

Through the API server of Kubernetes (`…/services/http:torpor-scaler:api/proxy/…`) a request comes with that server's
Host, with the browser's `Sec-Fetch-Site` and `Origin`, and without its `Authorization`, which was for the API server:
the token travels in `Torpor-Token` then. That it came this way proves nothing, for anybody in the cluster can write the
same `X-Forwarded-Uri`: without a token it is the network that says who may make changes.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from urllib.parse import urlsplit

from aiohttp import HttpVersion11, web
from aiohttp.typedefs import Handler

from scaler.api.problems import SHOWN, Problem
from scaler.welcome import CannotTell, Stranger
from torpor.routes import normalise_host
from torpor.token import HEADER

MAX_BODY = 64 * 1024
"""Bytes; only manifests need more."""
MAX_MANIFESTS = 1024 * 1024
"""Bytes."""
APPLY = "/v1/apply"
SETS = "/v1/sets"
BODY_TIMEOUT = 10.0
"""Seconds for a client to send its body."""
READS = ("GET", "HEAD", "OPTIONS")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="torpor"'}


type Deployers = Callable[[str], Awaitable[str | None]]
"""Looks at a token and says why its bearer may not apply, fit for them, as a Stranger where they are known; None: they
may. Raises CannotTell."""


class Guard:
    """Stands before every handler. With `deployers`, sets of manifests are changed by nobody without a token: by those
    who have this Torpor's, and those whom the deployers know."""

    def __init__(self, token: str | None, listen: tuple[str, int], deployers: Deployers | None = None) -> None:
        self._token = token.encode() if token is not None else None
        self._deployers = deployers
        self._only_local_names = token is None and _is_loopback(listen[0])

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Let the request through, with its body read, or raise Problem."""
        self._check_host(request)
        if request.method not in READS:
            if self._deployers is not None and _is_of_sets(request):
                await self._check_deployer(request, self._deployers)
            elif self._token is None:
                _check_site(request)
            else:
                _check_token(request, self._token, "Changes need")
        if request.path == APPLY:
            request = request.clone(client_max_size=MAX_MANIFESTS)
        if request.can_read_body:
            await _read_body(request)
        return await handler(request)

    def check_reader(self, request: web.Request) -> None:
        """Of an app's output, which it takes the token for where there is one. Raises Problem."""
        if self._token is not None:
            _check_token(request, self._token, "An app's output takes")

    def _check_host(self, request: web.Request) -> None:
        hosts = request.headers.getall("Host", [])
        if len(hosts) > 1 or (not hosts and request.version >= HttpVersion11):
            raise Problem(400, "A request needs exactly one Host header (RFC 9112, section 3.2).")
        if self._only_local_names and hosts and not _is_local_name(hosts[0]):
            detail = (
                f"The API listens on this machine only and is not known as {hosts[0][:SHOWN]!r} here; ask for it as "
                "localhost or by its IP address. (A name could have been pointed here by another site.)"
            )
            raise Problem(403, detail)

    async def _check_deployer(self, request: web.Request, deployers: Deployers) -> None:
        offered = _offered(request)
        if self._token is not None and _fits(offered, self._token):
            return
        given = offered[0].strip() if offered else ""
        try:
            reason = await deployers(given)
        except CannotTell as error:
            raise Problem(503, f"Nobody can say now whose token this is: {error}", {"Retry-After": "5"}) from None
        if isinstance(reason, Stranger):
            raise Problem(403, reason)
        if reason is not None:
            raise Problem(401, reason, _CHALLENGE)


def _check_token(request: web.Request, token: bytes, what: str) -> None:
    if not _fits(_offered(request), token):
        detail = (
            f"{what} the token of this Torpor: Authorization: Bearer … or {HEADER}: … (TORPOR_TOKEN on the command "
            "line)."
        )
        raise Problem(401, detail, _CHALLENGE)


def _offered(request: web.Request) -> list[str]:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    offered = [given] if scheme.lower() == "bearer" else []
    return [*request.headers.getall(HEADER, []), *offered]


def _fits(offered: Iterable[str], token: bytes) -> bool:
    fits = [hmac.compare_digest(one.strip().encode("utf-8", "replace"), token) for one in offered]
    return any(fits)


def _is_of_sets(request: web.Request) -> bool:
    return request.path == APPLY or request.path.startswith(f"{SETS}/")


def _check_site(request: web.Request) -> None:
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site is not None:
        fine = site in ("same-origin", "none")
    else:
        fine = origin is None or _authority(origin) == request.headers.get("Host", "").lower()
    if not fine:
        raise Problem(403, "This change comes from a page of another site; only Torpor's own page may make changes.")


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


async def _read_body(request: web.Request) -> None:
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            await request.read()
    except TimeoutError:
        raise Problem(408, "The body did not arrive in time.") from None
    except web.RequestPayloadError:
        raise Problem(400, "The body is broken.") from None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return normalise_host(host) == "localhost"


def _is_local_name(authority: str) -> bool:
    host = normalise_host(authority).strip("[]")
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
