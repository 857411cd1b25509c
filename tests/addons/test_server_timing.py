"""How long a visit was held stands on its answer."""

from mitmproxy.test import tflow

from addons.admission import HELD
from addons.server_timing import ServerTiming


def test_only_a_held_visit_says_so_and_the_apps_own_timing_stays() -> None:
    flow = tflow.tflow(resp=True)
    assert flow.response is not None
    flow.response.headers["Server-Timing"] = "db;dur=53"
    flow.metadata[HELD] = 0.0
    ServerTiming().responseheaders(flow)
    assert flow.response.headers["server-timing"] == "db;dur=53"
    flow.metadata[HELD] = 1.2345
    ServerTiming().responseheaders(flow)
    assert flow.response.headers["server-timing"] == "db;dur=53, torpor;dur=1234.5"
