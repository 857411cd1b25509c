"""What a call to the API server ends in when it does not end well, in the server's own words where it had any."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

LONGEST = 1_000
"""Characters of a message that are kept."""
MOST_CAUSES = 50
FIELD = 300
"""Characters of a field's path that are kept."""


class Cause(NamedTuple):
    """One of the things that are wrong with what was sent, and where."""

    reason: str
    field: str
    message: str


class ApiError(Exception):
    """The API server said no. `reason` is the machine's word (`NotFound`), `message` the one for people."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        retry_after: float | None = None,
        causes: Sequence[Cause] = (),
    ) -> None:
        self.status = status
        self.reason = reason
        self.message = message[:LONGEST]
        self.causes = tuple(causes)
        self.retry_after = retry_after
        """Seconds that the server asks us to wait."""
        super().__init__(status, reason, self.message)

    def __str__(self) -> str:
        return f"{self.message} ({self.status} {self.reason})" if self.status else self.message

    @property
    def not_found(self) -> bool:
        """There is no such object, or no such kind of object."""
        return self.status == 404

    @property
    def conflict(self) -> bool:
        """It has changed since it was read (or, after a create, it exists)."""
        return self.status == 409

    @property
    def expired(self) -> bool:
        """The server no longer remembers the resource version or page that was asked for."""
        return self.status == 410


class Unreachable(ApiError):  # noqa: N818 - reads as what happened
    """No answer: the network, a deadline, credentials that could not be had."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(0, "Unreachable", message)
        self.sent = sent
        """The request may have been carried out although no answer came."""


class NotLeading(ApiError):  # noqa: N818 - reads as what happened
    """Nothing was asked of the API server: somebody else may be leading by now."""

    def __init__(self) -> None:
        super().__init__(0, "NotLeading", "nothing is written, for it is not certain that nobody else leads")


def from_answer(status: int, headers: Mapping[str, str], body: bytes) -> ApiError:
    """The error in an answer: a Status object as a rule, some proxy's page at times."""
    try:
        said: Any = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or said.get("kind") != "Status":
        text = " ".join(body.decode("utf-8", "replace").split())
        said = {"message": text or "no words came with it"}
    return from_status(said, status, _seconds(headers.get("Retry-After")))


def from_status(said: Mapping[str, Any], status: int = 0, retry_after: float | None = None) -> ApiError:
    """The error in a Status object, which may also come in the middle of a watch."""
    code, reason, message = said.get("code"), said.get("reason"), said.get("message")
    status = code if isinstance(code, int) and not status else status
    return ApiError(
        status or 500,
        reason if isinstance(reason, str) and reason else "Unknown",
        message if isinstance(message, str) and message else f"the API server answered {status}",
        retry_after=retry_after,
        causes=_causes(said.get("details")),
    )


def _causes(details: object) -> list[Cause]:
    told = details.get("causes") if isinstance(details, dict) else None
    found = [cause for cause in told if isinstance(cause, dict)] if isinstance(told, list) else []
    return [
        Cause(
            *(
                str(cause.get(key) or "")[:most]
                for key, most in (("reason", 100), ("field", FIELD), ("message", LONGEST))
            )
        )
        for cause in found[:MOST_CAUSES]
    ]


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 6 else None
