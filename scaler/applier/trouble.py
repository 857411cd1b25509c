"""What an error of the API server means for what was asked: refused, put off, or nobody knows."""

from scaler.applier.report import Outcome
from scaler.runtimes.kubernetes.api.errors import ApiError, NotLeading, Unreachable


def outcome(error: ApiError, no: Outcome, *, dry_run: bool = False) -> Outcome:
    """`no` is for what the server has looked at and refused. A `dry_run` changes nothing, whatever becomes of it."""
    asked = not isinstance(error, NotLeading) and error.status != 429
    if isinstance(error, Unreachable):
        asked = error.sent
    elif asked and 400 <= error.status < (501 if dry_run else 500):
        return no  # 500 is also what the server says of a field that it does not know
    return Outcome.UNKNOWN if asked and not dry_run else Outcome.PUT_OFF
