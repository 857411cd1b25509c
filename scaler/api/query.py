"""Numbers in a query, with errors that say what is allowed."""

from aiohttp import web

from scaler.api.problems import Problem


def number(request: web.Request, name: str, *, default: int, least: int, most: int) -> int:
    """A whole number from `least` to `most`. Raises Problem (400)."""
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 9 and least <= int(text) <= most):
        raise Problem(400, f"{name}={text[:20]!r} is not allowed; allowed is a whole number from {least} to {most}.")
    return int(text)
