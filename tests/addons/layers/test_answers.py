"""Torpor's own answers as bytes."""

from addons.layers.answers import own, whole
from proxy.visit import Answer


def test_an_answer_has_a_length_and_a_date() -> None:
    response = own(Answer(503, [("Retry-After", "3"), ("X-Reason", "schläft")], b"asleep"))
    assert (response.status_code, response.reason, response.content) == (503, "Service Unavailable", b"asleep")
    assert response.headers["content-length"] == "6"
    assert response.headers["date"].endswith(" GMT")
    assert response.headers["retry-after"] == "3"


def test_an_answer_outside_any_visit_closes() -> None:
    sent = whole(own(Answer(400, [], b"no")))
    assert sent.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert sent.endswith(b"\r\nConnection: close\r\n\r\nno")
