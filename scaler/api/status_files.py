"""The status page's files, read once into memory: what is not in this table is not there, whatever the path says."""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

INDEX = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class StatusFiles:
    """The handlers of `/` and `/static/{name}`."""

    def __init__(self, directory: Traversable | None = None) -> None:
        found = directory or files(__package__).joinpath("status_page")
        self._files: dict[str, tuple[bytes, dict[str, str]]] = {}
        for file in found.iterdir() if found.is_dir() else ():
            suffix = file.name[file.name.rfind(".") :]
            if file.is_file() and suffix in _TYPES:
                body = file.read_bytes()
                tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
                headers = {"Content-Type": _TYPES[suffix], "ETag": tag, "Cache-Control": "no-cache"}
                self._files[file.name] = (body, headers)

    async def index(self, request: web.Request) -> web.Response:
        """`GET /`: the status page."""
        return self._file(request, INDEX)

    async def static(self, request: web.Request) -> web.Response:
        """`GET /static/{name}`: what the page is made of."""
        return self._file(request, request.match_info["name"])

    def _file(self, request: web.Request, name: str) -> web.Response:
        if name not in self._files:
            raise web.HTTPNotFound
        body, headers = self._files[name]
        if headers["ETag"] in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=body, headers=headers)
