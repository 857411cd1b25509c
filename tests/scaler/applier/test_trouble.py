"""Which errors end an order for good."""

import pytest

from scaler.applier.report import Outcome
from scaler.applier.trouble import outcome
from scaler.runtimes.kubernetes.api.errors import ApiError, NotLeading, Unreachable


@pytest.mark.parametrize(
    ("error", "written", "tried"),
    [
        (ApiError(422, "Invalid", "no"), Outcome.REFUSED, Outcome.REFUSED),
        (ApiError(403, "Forbidden", "no"), Outcome.REFUSED, Outcome.REFUSED),
        (ApiError(429, "TooManyRequests", "later"), Outcome.PUT_OFF, Outcome.PUT_OFF),
        (NotLeading(), Outcome.PUT_OFF, Outcome.PUT_OFF),
        (Unreachable("away", sent=False), Outcome.PUT_OFF, Outcome.PUT_OFF),
        (Unreachable("silent", sent=True), Outcome.UNKNOWN, Outcome.PUT_OFF),
        (ApiError(500, "Unknown", "field not declared in schema"), Outcome.UNKNOWN, Outcome.REFUSED),
        (ApiError(503, "ServiceUnavailable", "etcd is away"), Outcome.UNKNOWN, Outcome.PUT_OFF),
        (ApiError(200, "NotJson", "a proxy's page"), Outcome.UNKNOWN, Outcome.PUT_OFF),
    ],
)
def test_only_what_the_server_has_looked_at_is_refused(error: ApiError, written: Outcome, tried: Outcome) -> None:
    assert outcome(error, Outcome.REFUSED) is written
    assert outcome(error, Outcome.REFUSED, dry_run=True) is tried
