"""Asking many pods until they answer, with real servers."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import pytest

from scaler.runtimes.kubernetes.objects.probe import Grpc, HttpGet
from scaler.runtimes.kubernetes.pods import prober as module
from scaler.runtimes.kubernetes.pods.looking import Answer
from scaler.runtimes.kubernetes.pods.pod import Life
from scaler.runtimes.kubernetes.pods.prober import MOST, Prober
from scaler.runtimes.kubernetes.pods.question import Ask, Question
from tests.scaler.probing.grpc_server import Health
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from torpor.words import Address


async def until(holds: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await asyncio.sleep(0.005)


@dataclass
class Heard:
    """What a prober has told."""

    answered: list[tuple[str, Ask]] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def prober(self) -> AsyncIterator[Prober]:
        async with asyncio.timeout(60), Prober(self.hear, self.listen) as prober:
            yield prober

    def hear(self, app: str, ask: Ask) -> None:
        self.answered.append((app, ask))

    def listen(self, app: str, ask: Ask, answer: Answer) -> None:
        self.said.append(f"{ask.question}: {answer.words}")


def get(address: Address, pod: str = "u1") -> Ask:
    return Ask(Life(pod, 0), Question(address, HttpGet(address.port, "/ready")))


async def test_a_pod_is_asked_until_it_answers_well() -> None:
    heard, web = Heard(), Web([503, 503, 404, 200])
    async with web.running() as address, heard.prober() as prober:
        prober.ask("notes", [get(address)])
        await until(lambda: heard.answered)
        assert len(prober) == 0
    assert heard.answered == [("notes", get(address))]
    assert heard.said == [f"GET /ready on {address}: 503", f"GET /ready on {address}: 404"]
    assert len(web.asked) == 4


async def test_a_pod_that_does_not_listen_yet_is_found_soon_after_it_does(port: int) -> None:
    heard = Heard()
    address = Address("127.0.0.1", port)
    async with heard.prober() as prober:
        prober.ask("notes", [get(address)])
        await until(lambda: heard.said)
        async with Web().running(port=port):
            began = asyncio.get_running_loop().time()
            await until(lambda: heard.answered)
            assert asyncio.get_running_loop().time() - began < 3.0  # 20 ms on a machine that does nothing else
    assert heard.said == [f"GET /ready on {address}: connection refused"]


async def test_many_pods_of_many_apps_are_asked_side_by_side() -> None:
    heard, slow, health = Heard(), Web([0]), Health()
    async with contextlib.AsyncExitStack() as street:
        prober = await street.enter_async_context(heard.prober())
        stuck = await street.enter_async_context(slow.running())
        prober.ask("stuck", [get(stuck, "stuck")])
        web = await street.enter_async_context(Web().running())
        grpc = await street.enter_async_context(health.running())
        for number in range(50):
            asks = [get(web, f"u{number}"), Ask(Life(f"g{number}", 0), Question(grpc, Grpc(grpc.port)))]
            prober.ask(f"app{number}", asks)
        await until(lambda: len(heard.answered) == 100)
        assert len(prober) == 1


async def test_there_are_only_so_many_connections_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 3)
    heard, web = Heard(), Web([0])
    async with web.running() as address, heard.prober() as prober:
        for number in range(20):
            prober.ask(f"app{number}", [get(address)])
        await until(lambda: web.open == 3)
        await until(lambda: heard.said)
        assert len(prober) == 20
    assert web.most_open <= 6  # the server hears of those that have been given up a little later


async def test_an_answer_that_is_slow_in_coming_is_waited_for_longer_each_time() -> None:
    heard = Heard()
    took = [1.5, 0.0]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer), contextlib.suppress(ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            await asyncio.sleep(took[0])
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server, heard.prober() as prober:
        prober.ask("notes", [get(Address(*server.sockets[0].getsockname()))])
        await until(lambda: heard.answered)
    assert [said.partition(": ")[2] for said in heard.said] == ["nothing within 1s"]


async def test_a_probes_own_timeout_is_granted_from_the_first() -> None:
    heard, web = Heard(), Web([0])
    async with web.running() as address, heard.prober() as prober:
        prober.ask("notes", [Ask(Life("u", 0), Question(address, HttpGet(1, timeout=3)))])
        await until(lambda: heard.said)
    assert heard.said[0].endswith("nothing within 3s")


async def test_a_packet_that_is_lost_is_not_waited_for_long() -> None:
    heard = Heard()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        async with heard.prober() as prober:
            prober.ask("notes", [get(Address(*full.getsockname()))])
            await until(lambda: len(heard.said) >= 2)
    assert [said.partition(": ")[2] for said in heard.said[:2]] == [
        "no connection within 0.2s",
        "no connection within 0.4s",
    ]


async def test_what_is_withdrawn_is_asked_no_more() -> None:
    heard, web, other = Heard(), Web([503]), Web([503])
    async with web.running() as address, other.running() as elsewhere, heard.prober() as prober:
        prober.ask("notes", [get(address), get(elsewhere)])
        await until(lambda: len(web.asked) > 2 and len(other.asked) > 2)
        prober.ask("notes", [get(elsewhere)])
        assert len(prober) == 1
        await until(lambda: web.open == 0)
        asked, others = len(web.asked), len(other.asked)
        await until(lambda: len(other.asked) > others + 3)
        assert len(web.asked) <= asked + 1  # one may have been on its way
        prober.ask("notes", [])
        assert len(prober) == 0


async def test_what_is_asked_already_goes_on_when_it_is_wanted_still() -> None:
    heard, web = Heard(), Web([0])
    async with web.running() as address, heard.prober() as prober:
        prober.ask("notes", [get(address)])
        await until(lambda: web.asked)
        prober.ask("notes", [get(address)])
        await until(lambda: heard.said)
    assert heard.said[0].endswith("nothing within 1s")
    assert len(web.asked) <= 2


async def test_an_app_with_very_many_pods_is_asked_some_at_a_time() -> None:
    heard, web = Heard(), Web([503])
    async with web.running() as address, heard.prober() as prober:
        prober.ask("notes", [get(address, f"u{number}") for number in range(10 * MOST)])
        assert len(prober) == MOST


async def test_who_hears_an_answer_may_ask_anew_at_once() -> None:
    heard, web = Heard(), Web()
    async with contextlib.AsyncExitStack() as street:
        address = await street.enter_async_context(web.running())

        def hear(app: str, ask: Ask) -> None:
            heard.hear(app, ask)
            prober.ask("notes", [get(address, "u2")] if len(heard.answered) == 1 else [])

        prober = await street.enter_async_context(Prober(hear))
        prober.ask("notes", [get(address, "u1")])
        await until(lambda: len(heard.answered) == 2)
    assert [ask.life.uid for _, ask in heard.answered] == ["u1", "u2"]


async def test_a_mistake_in_hearing_stops_nobody_elses_asking(caplog: pytest.LogCaptureFixture) -> None:
    heard, web = Heard(), Web([503, 200])

    def stumble(app: str, ask: Ask, answer: Answer | None = None) -> None:
        if app == "bad":
            raise RuntimeError("stumbled")
        heard.hear(app, ask)

    async with web.running() as address, Prober(stumble, stumble) as prober:
        prober.ask("bad", [get(address)])
        await until(lambda: len(prober) == 0)
        prober.ask("good", [get(address)])
        await until(lambda: heard.answered)
    assert [record.levelno for record in caplog.records] == [logging.ERROR] * 2


async def test_a_mistake_in_asking_stops_nobody_elses_asking(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = module.look

    async def look(question: Question, connecting: float, answering: float) -> Answer:
        if question.probe is None:
            raise RuntimeError("stumbled")
        return await real(question, connecting, answering)

    monkeypatch.setattr(module, "look", look)
    heard, web = Heard(), Web()
    async with web.running() as address, heard.prober() as prober:
        prober.ask("bad", [Ask(Life("u", 0), Question(address))])
        await until(lambda: heard.said)
        prober.ask("good", [get(address)])
        await until(lambda: heard.answered)
    assert heard.said == [f"{address}: an error inside Torpor"]
    assert "stumbled" in caplog.text


async def test_at_the_end_nothing_is_asked_any_more() -> None:
    heard, web = Heard(), Web([0])
    async with web.running() as address:
        with contextlib.suppress(LookupError):
            async with heard.prober() as prober:
                prober.ask("notes", [get(address)])
                await until(lambda: web.open)
                raise LookupError("the end")
        await until(lambda: web.open == 0)
