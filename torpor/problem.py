"""Errors as problem JSON (RFC 9457), the one shape in which Torpor says no to a program."""

from collections.abc import Mapping
from http import HTTPStatus

CONTENT_TYPE = "application/problem+json"


def problem(status: int, detail: str, **more: object) -> Mapping[str, object]:
    """The members of a problem document. `detail` says what is wrong and what to do; `more` are extensions."""
    return {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        **more,
    }
