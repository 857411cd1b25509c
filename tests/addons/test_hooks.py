"""The dispatch of hooks: in order, at once where it can be, and closed when it fails."""

import asyncio
import logging

import pytest
from mitmproxy import http
from mitmproxy.proxy.layers.http._hooks import HttpRequestHeadersHook
from mitmproxy.test import taddons, tflow

from addons.hooks import Hooks
from tests.addons.doubles import App, house


class Note:
    def __init__(self, name: str, notes: list[str]) -> None:
        self.name = name
        self.notes = notes

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self.notes.append(self.name)


class Wait(Note):
    async def requestheaders(self, flow: http.HTTPFlow) -> None:  # type: ignore[override]
        await asyncio.sleep(0)
        self.notes.append(self.name)


class Fail(Note):
    def requestheaders(self, flow: http.HTTPFlow) -> None:
        raise ValueError("no")


async def test_handlers_run_at_once_and_in_order() -> None:
    notes: list[str] = []
    with taddons.context(Note("a", notes), Note("b", notes)) as master:
        assert Hooks(master.master.addons).run(HttpRequestHeadersHook(tflow.tflow())) is None
    assert notes == ["a", "b"]


async def test_a_handler_that_waits_holds_up_those_after_it() -> None:
    notes: list[str] = []
    with taddons.context(Note("a", notes), Wait("b", notes), Wait("c", notes), Note("d", notes)) as master:
        waiting = Hooks(master.master.addons).run(HttpRequestHeadersHook(tflow.tflow()))
        assert waiting is not None
        assert notes == ["a"]
        await waiting
    assert notes == ["a", "b", "c", "d"]


@pytest.mark.parametrize("first", [Note, Wait])
async def test_a_failure_marks_the_flow_and_ends_the_hook(first: type[Note], caplog: pytest.LogCaptureFixture) -> None:
    notes: list[str] = []
    flow = tflow.tflow()
    with taddons.context(first("a", notes), Fail("b", notes), Note("c", notes)) as master:
        waiting = Hooks(master.master.addons).run(HttpRequestHeadersHook(flow))
        if waiting is not None:
            await waiting
    assert notes == ["a"]
    assert flow.error is not None
    assert [(record.levelno, record.exc_info is not None) for record in caplog.records] == [(logging.ERROR, True)]


async def test_a_doorman_who_fails_lets_nobody_through(caplog: pytest.LogCaptureFixture) -> None:
    async with App() as app, house(app) as here:
        here.doorman.raises = ValueError("no")
        visitor = await here.visitor()
        assert (await visitor.get()).status == 500
        here.doorman.raises = None
        assert (await visitor.get()).status == 200
        assert len(app.asked) == 1
    assert "an addon failed in requestheaders: no" in caplog.text


async def test_a_failure_at_an_answer_is_answered_and_closes_the_upstream(caplog: pytest.LogCaptureFixture) -> None:
    class Breaks:
        def responseheaders(self, flow: http.HTTPFlow) -> None:
            raise ValueError("no")

    async with App() as app, house(app) as here:
        here.engine.master.addons.add(Breaks())
        visitor = await here.visitor()
        for _ in range(2):
            assert (await visitor.get()).status == 500
        assert app.connections == 2
        assert here.doorman.in_flight == 0
    assert "an addon failed in responseheaders: no" in caplog.text


async def test_addons_that_wait_at_the_answer_keep_everything_in_order() -> None:
    class Waits:
        async def responseheaders(self, flow: http.HTTPFlow) -> None:
            await asyncio.sleep(0.01)

    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    async with App(chunks) as app, house(app) as here:
        here.engine.master.addons.add(Waits())
        visitor = await here.visitor()
        for _ in range(3):
            assert (await visitor.get()).body == b"abc"
        assert app.connections == 1


async def test_an_error_in_the_layers_cuts_the_connection_and_hands_the_visit_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ValueError("no")

    async with App() as app, house(app) as here:
        monkeypatch.setattr("addons.layers.reply.Reply.head", fail)
        visitor = await here.visitor()
        visitor.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert await visitor.rest() == b""
        await here.is_empty()
        await here.engine.listener._empty.wait()
    assert "an error in the engine" in caplog.text
