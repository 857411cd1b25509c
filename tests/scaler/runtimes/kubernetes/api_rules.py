"""Rules that an API server keeps: what a path is of, how a merge patch is carried out, how it says no."""

from typing import Any

from aiohttp import web

from scaler.runtimes.kubernetes.api.kinds import Kind

type Json = dict[str, Any]


def parts_of(kind: Kind, path: str) -> tuple[str, str, str] | None:
    """Namespace, name and subresource, as far as the path is one of the kind."""
    start = "/".join(["", *kind.path().split("/")[1:-1]])
    rest = path.removeprefix(f"{start}/").split("/")
    namespace = ""
    if rest[0] == "namespaces" and kind.namespaced and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    if not path.startswith(f"{start}/") or rest[0] != kind.plural or len(rest) > 3:
        return None
    _, name, subresource, *_ = [*rest, "", ""]
    return namespace, name, subresource


def merged(item: Any, patch: Json) -> Any:
    """RFC 7396."""
    made = dict(item) if isinstance(item, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = merged(made.get(key), value) if isinstance(value, dict) else value
    return made


def selected(item: Json, labels: str) -> bool:
    """Whether an object has labels such as `a=b,c`."""
    own = item["metadata"].get("labels", {})
    wanted = [term.partition("=") for term in labels.split(",") if term and "!" not in term]
    return all(name in own and (not sign or own[name] == value) for name, sign, value in wanted)


def status(status: int, message: str) -> web.Response:
    said = {"kind": "Status", "status": "Failure", "code": status, "reason": "Because", "message": message}
    return web.json_response(said, status=status)
