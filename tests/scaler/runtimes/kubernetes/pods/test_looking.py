"""One question to a pod, once, with real servers."""

import socket
import ssl

import pytest

from scaler.runtimes.kubernetes.objects.probe import Grpc, HttpGet
from scaler.runtimes.kubernetes.pods.looking import Answer, look
from scaler.runtimes.kubernetes.pods.question import Question
from tests.scaler.probing.grpc_server import NOT_SERVING, SERVING, Health
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from torpor.words import Address


async def ask(question: Question, patience: float = 20.0) -> Answer:
    return await look(question, patience, patience)


@pytest.mark.parametrize(
    ("status", "good"), [(200, True), (204, True), (302, True), (399, True), (400, False), (503, False)]
)
async def test_a_get_is_answered_well_from_200_to_399(status: int, good: bool) -> None:
    async with Web([status]).running() as address:
        assert await ask(Question(address, HttpGet(address.port))) == (good, True, str(status))


async def test_a_get_has_the_probes_path_and_headers() -> None:
    web = Web()
    async with web.running() as address:
        probe = HttpGet(1, "/ready?deep=1&x=a b\r\nc#é", headers=(("X-Probe", "yes"), ("Host", "notes.example")))
        await ask(Question(address, probe))
    lines = web.asked[0].split("\r\n")
    assert lines[0] == "GET /ready?deep=1&x=a%20b%0D%0Ac%23%C3%A9 HTTP/1.1"
    assert {"Host: notes.example", "X-Probe: yes", "User-Agent: Torpor"} <= set(lines)


async def test_a_probes_host_is_named_and_not_connected_to() -> None:
    web = Web()
    async with web.running() as address:
        assert (await ask(Question(address, HttpGet(1, host="nowhere.invalid")))).good
    assert "\r\nHost: nowhere.invalid\r\n" in web.asked[0]


async def test_a_certificate_is_not_checked(server_tls: ssl.SSLContext) -> None:
    async with Web([200]).running(server_tls) as address:
        assert (await ask(Question(address, HttpGet(1, scheme="https")))).good
        assert await ask(Question(address, HttpGet(1))) == (False, True, "closed without a word")


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
async def test_a_pod_may_have_an_ipv6_address() -> None:
    web = Web()
    async with web.running(host="::1") as address:
        assert (await ask(Question(address, HttpGet(1)))).good
    assert f"\r\nHost: [::1]:{address.port}\r\n" in web.asked[0]


async def test_a_listener_is_answer_enough_where_nothing_more_is_asked() -> None:
    async with Web().running() as address:
        assert (await ask(Question(address))).good


async def test_nobody_listens(port: int) -> None:
    answer = await ask(Question(Address("127.0.0.1", port)))
    assert answer == (False, False, "connection refused")
    assert answer.reached


async def test_who_cannot_be_reached_has_not_refused() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        answer = await look(Question(Address(*full.getsockname())), 0.05, 20.0)
    assert answer == (False, False, "no connection within 0.05s")
    assert not answer.reached


async def test_no_answer_in_time() -> None:
    async with Web([0]).running() as address:
        assert await ask(Question(address, HttpGet(1)), 0.1) == (False, True, "nothing within 0.1s")


@pytest.mark.parametrize(("body", "good", "words"), [(SERVING, True, "SERVING"), (NOT_SERVING, False, "NOT_SERVING")])
async def test_grpc_has_to_say_that_it_serves(body: bytes, good: bool, words: str) -> None:
    health = Health(body)
    async with health.running() as address:
        assert await ask(Question(address, Grpc(1, "notes"))) == (good, True, words)
    assert health.asked[0][1].endswith(b"notes")
