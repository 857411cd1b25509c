"""What a pod is asked."""

import pytest

from scaler.runtimes.kubernetes.objects.probe import Exec, Grpc, HttpGet, Probe, TcpSocket
from scaler.runtimes.kubernetes.pods.question import Question, connecting, probing
from tests.scaler.runtimes.kubernetes.pods.made import pod
from torpor.words import Address

GET = HttpGet("http", "/ready")
POD = pod(ip="10.1.2.3", ports={"http": 8080})
HERE = Address("10.1.2.3", 8080)


@pytest.mark.parametrize(
    ("probe", "question"),
    [
        (GET, Question(HERE, GET)),
        (HttpGet(8080), Question(HERE, HttpGet(8080))),
        (HttpGet(8080, host="127.0.0.1"), Question(HERE, HttpGet(8080, host="127.0.0.1"))),
        (TcpSocket("http", timeout=5), Question(HERE)),
        (Grpc(9000, "notes"), Question(Address("10.1.2.3", 9000), Grpc(9000, "notes"))),
        (Exec(), None),
        (HttpGet("admin"), None),
        (None, None),
    ],
)
def test_a_probe_becomes_a_question_to_the_pods_own_address(probe: Probe | None, question: Question | None) -> None:
    assert probing(POD, probe) == question


def test_a_pod_without_an_address_is_not_asked() -> None:
    assert probing(pod(ip=""), HttpGet(80)) is None
    assert connecting(pod(ip=""), 80) is None


def test_a_doors_port_is_asked_for_a_listener() -> None:
    assert connecting(POD, "http") == Question(HERE)
    assert connecting(POD, 9090) == Question(Address("10.1.2.3", 9090))
    assert connecting(POD, "admin") is None


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (Question(HERE, GET), "GET /ready on 10.1.2.3:8080"),
        (Question(Address("fd00::1", 80), Grpc(80)), "gRPC health on [fd00::1]:80"),
        (Question(HERE), "10.1.2.3:8080"),
    ],
)
def test_a_question_in_words(question: Question, words: str) -> None:
    assert str(question) == words
