"""The table of what an engine cannot do: each line is needed by a test, and these are the tests of what is told."""

import asyncio
import json
import re
from pathlib import Path

import pytest

from tests.engines.cannot import CANNOT
from tests.engines.street import street
from tests.wire import App, request

TESTS = Path(__file__).parents[1]
BROWSER = ("User-Agent: Mozilla/5.0 Firefox/130.0", "Accept: text/html", "Sec-Fetch-Mode: navigate")


def test_each_line_is_needed_by_a_test() -> None:
    sources = "".join(file.read_text() for file in TESTS.rglob("test_*.py"))
    assert set().union(*CANNOT.values()) == set(re.findall(r"mark\.needs\(\"(.+?)\"\)", sources))


@pytest.mark.needs("own words")
async def test_who_sends_what_is_malformed_is_told_what_that_is(engine: str, state: Path) -> None:
    async with street(engine, state) as here:
        visitor = await here.visitor()
        visitor.send(request("GET", "/", "X Y: b"))
        got = await visitor.answer()
        assert (got.status, got.headers["content-type"]) == (400, "application/problem+json")
        assert "X Y: b" in json.loads(got.body)["detail"]


@pytest.mark.needs("checked trailers")
async def test_trailers_of_a_request_go_nowhere(engine: str, state: Path) -> None:
    async with App() as app, street(engine, state) as here:
        await here.awake(app)
        visitor = await here.visitor()
        visitor.send(request("POST", "/", "Transfer-Encoding: chunked", body=b"0\r\nHost: evil\r\n\r\n"))
        assert (await visitor.answer()).status == 400


@pytest.mark.needs("pages for all errors")
async def test_a_person_whose_app_breaks_off_is_shown_a_page(engine: str, state: Path) -> None:
    async def die(asked: object, reader: object, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    async with App(die) as app, street(engine, state) as here:
        await here.awake(app)
        got = await here.get("/", *BROWSER)
        assert (got.status, got.headers["torpor-phase"]) == (502, "awake")
        assert got.headers["content-type"].startswith("text/html")
