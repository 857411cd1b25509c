"""The three shapes of an answer (page, problem, plain text) and the headers that all of them carry."""

import json

from proxy.pages.look import Look, own_look
from proxy.pages.wording import fit
from proxy.visit import Answer
from torpor.link import AppView
from torpor.problem import CONTENT_TYPE, problem
from torpor.words import Phase


def page(
    status: int,
    template: str,
    *,
    look: Look | None,
    view: AppView | None,
    phase: Phase | None,
    retry: int | None,
    **words: object,
) -> Answer:
    """An HTML page; `words` are escaped by the template. Without a look it is Torpor's own."""
    body, rules = (look or own_look()).page(template, words)
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
