"""The three shapes of an answer (page, problem, plain text) and the headers that all of them carry."""

import base64
import hashlib
import json
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from proxy.pages.wording import fit
from proxy.visit import Answer
from torpor.link import AppView
from torpor.problem import CONTENT_TYPE, problem
from torpor.words import Phase

_folder = files(__name__.rpartition(".")[0]) / "templates"
_style = (_folder / "page.css").read_text("utf-8")
_moon = (_folder / "moon.svg").read_text("utf-8").strip()
_script = (_folder / "watch.js").read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_PAGE_RULES = f"default-src 'none'; style-src {_hash(_style)}; img-src data:; base-uri 'none'; form-action 'none'"
"""Content-Security-Policy: nothing but our own style; `data:` is the empty icon that spares the app a request."""
_LIVE_RULES = f"{_PAGE_RULES}; script-src {_hash(_script)}; connect-src 'self'"

_templates = Environment(
    loader=PackageLoader("proxy.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals.update(style=Markup(_style), script=Markup(_script), moon=Markup(_moon))  # noqa: S704 - our own files
_pages = {name: _templates.get_template(name) for name in ("watch.html", "notice.html")}


def page(
    status: int, template: str, *, view: AppView | None, phase: Phase | None, retry: int | None, **words: object
) -> Answer:
    """An HTML page; `words` are escaped by the template."""
    rules = _LIVE_RULES if template == "watch.html" else _PAGE_RULES
    body = _pages[template].render(words).encode()
    return _answer(status, "text/html; charset=utf-8", body, view, phase, retry, ("Content-Security-Policy", rules))


def problem_json(
    status: int,
    detail: str,
    *,
    view: AppView | None = None,
    phase: Phase | None = None,
    retry: int | None = None,
    **more: object,
) -> Answer:
    """A problem document (RFC 9457) with the app and its phase as extensions."""
    about: dict[str, object] = {}
    if view is not None:
        about["app"] = fit(view.id)
    if phase is not None:
        about["phase"] = phase.value
    if retry is not None:
        about["retry_after"] = retry
    body = _json(problem(status, fit(detail, 2000), **about, **more))
    return _answer(status, CONTENT_TYPE, body, view, phase, retry)


def data(view: AppView, members: dict[str, object]) -> Answer:
    """Plain JSON about an app, 200."""
    return _answer(200, "application/json", _json(members), view, view.phase, None)


def plain(status: int, text: str, *, view: AppView, phase: Phase, retry: int | None) -> Answer:
    """One line of text, for those who do not read it."""
    return _answer(status, "text/plain; charset=utf-8", f"{text}\n".encode(), view, phase, retry)


def _json(members: object) -> bytes:
    return json.dumps(members, allow_nan=False, separators=(",", ":")).encode()


def _answer(
    status: int,
    content_type: str,
    body: bytes,
    view: AppView | None,
    phase: Phase | None,
    retry: int | None,
    *more: tuple[str, str],
) -> Answer:
    headers = [
        ("Content-Type", content_type),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        *more,
    ]
    if phase is not None:
        headers.append(("Torpor-Phase", phase.value))
    if retry is not None:
        headers.append(("Retry-After", str(retry)))
    return Answer(status, headers, body, view.id if view is not None else None)
