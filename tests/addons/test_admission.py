"""Every Forward is handed back exactly once, whatever crosses what."""

import pytest
from mitmproxy import http
from mitmproxy.test import tflow, tutils

from addons.admission import CLIENT, HELD, Admission, make_visit
from proxy.visit import Answer
from tests.addons.doubles import Doorman
from torpor.words import Address


def a_flow(**more: object) -> http.HTTPFlow:
    return tflow.tflow(req=tutils.treq(**more))


async def test_a_forward_becomes_the_flows_address_and_leaves_the_host_alone() -> None:
    doorman = Doorman(Address("127.0.0.1", 4000))
    flow = a_flow(headers=((b"Host", b"app.localhost"),))
    assert Admission(doorman).requestheaders(flow) is None
    assert (flow.request.data.host, flow.request.data.port) == ("127.0.0.1", 4000)
    assert flow.request.headers["host"] == "app.localhost"
    assert flow.metadata[HELD] == 0


async def test_an_answer_becomes_the_flows_response() -> None:
    doorman = Doorman()
    doorman.answers["/path"] = Answer(503, [("Retry-After", "3")], b"asleep")
    flow = a_flow()
    Admission(doorman).requestheaders(flow)
    assert flow.response is not None
    assert (flow.response.status_code, flow.response.content) == (503, b"asleep")
    assert flow.response.headers["retry-after"] == "3"


async def test_the_visits_end_and_the_connections_end_hand_back_once() -> None:
    doorman = Doorman()
    admission = Admission(doorman)
    flow = a_flow()
    admission.requestheaders(flow)
    assert doorman.in_flight == len(admission) == 1
    admission.visit_ended(flow)
    admission.client_disconnected(flow.client_conn)
    assert doorman.in_flight == len(admission) == 0
    assert doorman.mistakes == []


async def test_a_verdict_that_crosses_the_clients_leaving_is_handed_back() -> None:
    doorman = Doorman()
    doorman.asleep = True
    admission = Admission(doorman)
    flow = a_flow()
    waiting = admission.requestheaders(flow)
    assert waiting is not None
    admission.client_disconnected(flow.client_conn)
    doorman._hold = _forwards(doorman)  # type: ignore[method-assign]
    await waiting
    assert len(doorman.forwards) == 1
    assert doorman.in_flight == 0
    assert doorman.mistakes == []


def _forwards(doorman: Doorman) -> object:
    async def hold(*_: object) -> object:
        return doorman.forward()

    return hold


async def test_a_forward_that_was_taken_back_is_not_handed_back_again() -> None:
    doorman = Doorman()
    admission = Admission(doorman)
    flow = a_flow()
    admission.requestheaders(flow)
    await admission.upstream_refused(flow, "connection refused")
    assert flow.response is not None
    admission.visit_ended(flow)
    assert doorman.errors == ["connection refused"]
    assert doorman.mistakes == []


async def test_a_broken_visit_is_told_and_still_handed_back() -> None:
    doorman = Doorman()
    admission = Admission(doorman)
    flow = a_flow()
    admission.requestheaders(flow)
    admission.upstream_broken(flow, "it broke")
    assert flow.response is not None
    assert flow.response.content == b"broken: it broke"
    assert doorman.in_flight == 1
    admission.visit_ended(flow)
    assert doorman.in_flight == 0
    assert doorman.mistakes == []


def test_what_the_doorman_is_told() -> None:
    fields = (
        (b"HOST", b"App.Localhost:8080"),
        (b"User-Agent", b"Mozilla \xff"),
        (b"Accept", b"text/html"),
        (b"Sec-Fetch-Mode", b"navigate"),
        (b"Sec-Fetch-Dest", b"document"),
        (b"Purpose", b"prefetch"),
        (b"Connection", b"Upgrade"),
        (b"Upgrade", b"websocket"),
    )
    flow = a_flow(method=b"GET", path=b"/a?b=\xff", headers=fields)
    flow.metadata[CLIENT] = "192.0.2.1"
    visit = make_visit(flow)
    assert (visit.host, visit.method, visit.path, visit.client) == ("app.localhost", "GET", "/a?b=�", "192.0.2.1")
    assert (visit.user_agent, visit.accept) == ("Mozilla �", "text/html")
    assert (visit.fetch_mode, visit.fetch_dest, visit.purpose) == ("navigate", "document", "prefetch")
    assert visit.upgrade


@pytest.mark.parametrize("fields", [(), ((b"Upgrade", b"x"),), ((b"Connection", b"upgrade"),)])
def test_no_upgrade_unless_both_headers_say_so(fields: tuple[tuple[bytes, bytes], ...]) -> None:
    assert not make_visit(a_flow(headers=fields)).upgrade
