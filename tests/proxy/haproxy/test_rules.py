"""What HAProxy's rules do when an action of Lua does not come to its end."""

from pathlib import Path

import pytest

from proxy.haproxy.engine import HaproxyEngine
from tests.engines.street import Street, street
from tests.wire import App, request
from torpor.link import Knock


async def sessions(here: Street) -> int:
    """How many visitors' connections there were."""
    assert isinstance(here.engine, HaproxyEngine)
    lines = (await here.engine._runtime.ask("show stat")).splitlines()
    names = lines[0].removeprefix("# ").split(",")
    rows = [dict(zip(names, line.split(","), strict=False)) for line in lines[1:]]
    return next(int(row["stot"]) for row in rows if (row["pxname"], row["svname"]) == ("visitors", "FRONTEND"))


@pytest.mark.parametrize("how", ["leaves", "says that it is done", "breaks off"])
async def test_a_visit_whose_visitor_leaves_while_held_goes_nowhere(
    state: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Without an address HAProxy would connect to itself, and the doorman be asked again on behalf of 127.0.0.1."""
    async with App() as app, street("haproxy", state) as here:
        await here.asleep()
        for _ in range(5):
            visitor = await here.visitor()
            visitor.send(request("POST", "/", "Content-Length: 5"))
            await here.until_held(1)
            if how == "leaves":
                await visitor.leave()
            elif how == "breaks off":
                visitor.reset()
            else:
                visitor.writer.write_eof()
                await visitor.rest()
            await here.until_held(0)
        await here.awake(app)
        assert (await here.get()).status == 200
        assert await sessions(here) == 6
        assert len(app.asked) == 1
        assert all(isinstance(sent, Knock) and sent.method == "POST" for sent in here.sent if isinstance(sent, Knock))
    assert "Lua" not in caplog.text


async def test_a_head_that_lua_works_on_for_long_is_clean_or_goes_nowhere(state: Path) -> None:
    async with App() as app, street("haproxy", state) as here:
        await here.awake(app)
        for count in (10, 1000, 7000):
            for half_closed in (False, True):
                visitor = await here.visitor()
                names = ",".join(["upgrade", "x-hop", *["a"] * count])
                visitor.send(request("GET", "/", f"Connection: {names}", "Upgrade: h2c", "X-Hop: 1", "Proxy: x"))
                if half_closed:
                    visitor.writer.write_eof()
                await visitor.answer()
                await visitor.leave()
        assert app.asked
        for asked in app.asked:
            assert not {"upgrade", "connection", "x-hop", "proxy"} & asked.headers.keys()
