"""The app and the doorman are told the same of the visitor."""

from mitmproxy.test import tflow, tutils

from addons.admission import CLIENT
from addons.forwarding import Forwarding
from proxy.forwarded import Trust


def test_the_headers_are_replaced_and_the_client_is_noted() -> None:
    headers = ((b"Host", b"a"), (b"X-Forwarded-For", b"192.0.2.9"))
    flow = tflow.tflow(req=tutils.treq(headers=headers))
    flow.client_conn.peername = ("192.0.2.1", 4711)
    Forwarding(Trust()).requestheaders(flow)
    assert flow.metadata[CLIENT] == "192.0.2.1"
    assert flow.request.headers["x-forwarded-for"] == "192.0.2.1"
    Forwarding(Trust(["192.0.2.1"])).requestheaders(flow)
    assert flow.request.headers["x-forwarded-for"] == "192.0.2.1, 192.0.2.1"
