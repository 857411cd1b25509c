"""The edge to the Kubernetes client: credentials, TLS and connection pool are its business, and nothing else is.

Imported late, for it costs 0.7 s and 46 MB that nobody should pay who has no cluster. All that is untyped ends here.
"""

import asyncio
import logging
import socket
import time
from typing import Any
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
from yarl import URL

from scaler.keep_alive import asked_after
from scaler.runtimes.kubernetes.api.access import Access, Kubeconfig, NoAccess

logger = logging.getLogger(__name__)

CONNECT = 5.0
"""Seconds for a connection, TLS included."""
CREDENTIALS = 30.0
"""Seconds for a kubeconfig's helper program to come up with credentials."""
FRESH = 10.0
"""Seconds in which refused credentials are not asked for again."""
KEPT = 60.0
"""Seconds that an idle connection is kept; API servers keep it for 90."""
_BUFFER = 256 * 1024
SILENCE = 12
"""Seconds: an API server that is gone without a word is noticed within twice as many, also on a watch that has nothing
to say."""


class Connection:
    """Requests to one API server with one set of credentials, which are renewed when they run out or are refused."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = asyncio.Lock()
        self._loader: Any = None
        self._configuration: Any = None
        self._rest: Any = None
        self._loaded_at = -FRESH
        self._stale: list[Any] = []

    async def open(self) -> None:
        """Read the configuration; says nothing to the server yet. Raises NoAccess."""
        await asyncio.to_thread(_import)
        await self._load()

    async def close(self) -> None:
        """Close all connections."""
        for rest in [*self._stale, self._rest]:
            if rest is not None:
                await rest.close()
        self._stale.clear()

    @property
    def host(self) -> str:
        """The server's address, for people."""
        return str(self._configuration.host)

    async def send(self, method: str, path: str, headers: dict[str, str], body: Any) -> aiohttp.ClientResponse:
        """One request; the answer's body is still to be read. `path` is taken as it stands, escapes and query
        included; `body` is JSON or bytes. Deadlines are the caller's."""
        authorization = await self._authorization()
        if authorization is not None:
            headers = {**headers, "Authorization": authorization}
        timeout = aiohttp.ClientTimeout(total=None, connect=CONNECT)
        url = URL(self.host + path, encoded=True)
        answer = await self._rest.request(method, url, headers=headers, body=body, _request_timeout=timeout)
        response: aiohttp.ClientResponse = answer.response
        return response

    async def renew(self) -> bool:
        """Credentials were refused: get them anew; whether there is a point in trying again. Raises NoAccess."""
        before = self._loaded_at
        async with self._lock:
            if self._loaded_at != before:
                return True
            if time.monotonic() - before < FRESH:
                return False
            await self._load()
        return True

    async def _authorization(self) -> str | None:
        expiry = getattr(self._loader, "exec_plugin_expiry", None)
        if expiry is not None and expiry.timestamp() - time.time() < 60:
            await self.renew()
        try:
            token: str | None = await self._configuration.get_api_key_with_prefix("BearerToken")
        except OSError as error:
            raise NoAccess(f"the ServiceAccount's token cannot be read: {error}") from None
        return token.strip() if token else None

    async def _load(self) -> None:
        import yaml
        from kubernetes.aio.client import Configuration
        from kubernetes.aio.client.rest import RESTClientObject
        from kubernetes.aio.config import ConfigException, load_incluster_config, load_kube_config

        configuration = Configuration()
        # Without trust_env, which would also look for a .netrc at each request and trip over what it finds there.
        configuration.client_session_kwargs = {
            "read_bufsize": _BUFFER,
            "cookie_jar": aiohttp.DummyCookieJar(),
            "trust_env": False,
        }
        try:
            if isinstance(self._access, Kubeconfig):
                loader = await self._kubeconfig(self._access, load_kube_config, configuration)
            else:
                loader = None
                load_incluster_config(client_configuration=configuration)
            configuration.proxy = configuration.proxy or _proxy_for(URL(configuration.host))
            rest = _with_keepalive(RESTClientObject)(configuration)
        except (ConfigException, OSError, ValueError, TypeError, KeyError, AttributeError, yaml.YAMLError) as error:
            raise NoAccess(f"the cluster's configuration cannot be used: {error}") from error
        if self._rest is not None:
            # Watches may still read from it: it is closed at the end, or when its successor is replaced in turn.
            for old in self._stale:
                await old.close()
            self._stale = [self._rest]
        self._loader, self._configuration, self._rest = loader, configuration, rest
        self._loaded_at = time.monotonic()

    async def _kubeconfig(self, access: Kubeconfig, load: Any, configuration: Any) -> Any:
        if not access.exists():
            raise NoAccess(f"there is no kubeconfig at {access.paths}")
        try:
            async with asyncio.timeout(CREDENTIALS):
                loader = await load(
                    config_file=access.paths,
                    context=access.context,
                    client_configuration=configuration,
                    persist_config=False,
                )
        except TimeoutError:
            raise NoAccess(f"the kubeconfig's helper program gave no credentials within {CREDENTIALS:g}s") from None
        user = getattr(loader, "_user", None)
        got = getattr(loader, "token", None) or getattr(loader, "cert_file", None)
        if user is not None and "exec" in user and not got:  # the client only logs that, and goes on as nobody
            raise NoAccess(f"the kubeconfig's helper program {user['exec']['command']} gave no credentials")
        return loader


def _import() -> None:
    import kubernetes.aio  # noqa: F401


def _proxy_for(server: URL) -> str | None:
    """The proxy that the environment names for this server, as kubectl takes it (HTTPS_PROXY, NO_PROXY)."""
    host = server.host or ""
    if host in ("localhost", "127.0.0.1", "::1") or proxy_bypass(server.authority):
        return None
    return getproxies_environment().get(server.scheme)


def _with_keepalive(base: Any) -> Any:
    """The client's connection pool, with connections that notice a peer which is gone."""

    class Pool(base):  # type: ignore[misc]
        def _create_connector(self) -> aiohttp.TCPConnector:
            return aiohttp.TCPConnector(
                limit=0, ssl=self.ssl_context, keepalive_timeout=KEPT, socket_factory=_socket, happy_eyeballs_delay=0.25
            )

    return Pool


def _socket(address: Any) -> socket.socket:
    return asked_after(address, SILENCE)
