"""How many visitors the limit on open files lets in."""

import resource
from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from proxy.server import House
from tests.engines.street import Street


@pytest.mark.parametrize(("files", "visitors"), [(1024, 374), (20_000, 9_000), (resource.RLIM_INFINITY, 50_000)])
async def test_each_visit_takes_two_descriptors_and_one_in_ten_two_more(
    files: int, visitors: int, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    here = Street()
    engine = HaproxyEngine(
        House(here.doorman, here.table, here.ledger), listen=("127.0.0.1", 0), state_directory=state, threads=1
    )
    async with engine:
        written = (state / "haproxy-1" / "haproxy.cfg").read_text()
    reserve = max(5, min(50, visitors // 10))
    assert f"    maxconn {visitors + reserve + visitors // 10}\n" in written
    assert f"    maxconn {visitors + reserve}\n" in written
    assert f"gt {2 * visitors} }}" in written
