import json

import pytest

from scaler.runtimes.kubernetes.api.errors import LONGEST, from_answer, from_status


def test_a_status_object_speaks_for_itself() -> None:
    body = {"kind": "Status", "code": 409, "reason": "Conflict", "message": "the object has been modified"}
    error = from_answer(409, {"Retry-After": "3"}, json.dumps(body).encode())
    assert (error.status, error.reason, error.message) == (409, "Conflict", "the object has been modified")
    assert error.conflict
    assert error.retry_after == 3.0


def test_a_status_in_a_watch_brings_its_own_code() -> None:
    assert from_status({"code": 410, "reason": "Expired", "message": "too old"}).expired


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'{"kind": "Pod"}', b"\xff\xfe", b'{"kind":"Status","reason":3}']
)
def test_whatever_else_comes_is_an_error_all_the_same(body: bytes) -> None:
    error = from_answer(503, {"Retry-After": "tomorrow"}, body)
    assert (error.status, error.reason, error.retry_after) == (503, "Unknown", None)
    assert error.message


def test_a_message_has_an_end() -> None:
    assert len(from_answer(500, {}, b"x" * 100_000).message) == LONGEST
