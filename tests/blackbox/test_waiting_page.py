"""What a person sees in Chromium who opens a sleeping app that starts slowly."""

import asyncio
import base64
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.blackbox.torpor_up import Settings, Torpor, answering
from tests.chromium import Chromium, Page

PERSON = (
    "--user-agent=Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
OWN_PAGE = """
import http.server, os, sys, time
time.sleep(float(sys.argv[2]))
while sys.argv[3:] and not os.path.exists(sys.argv[3]):
    time.sleep(0.01)
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b"<!doctype html><title>The app itself</title><h1>Good morning</h1>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""


LOGO = b"\x89PNG\r\n\x1a\n" + bytes(24 * 1024)
"""Of the size that logos have; no browser would draw it."""


def own_page(name: str, seconds: float, *gate: Path, **more: object) -> Settings:
    """An app with a page, which takes so many seconds to start, and until the file `gate` is there."""
    command = [sys.executable, "-c", OWN_PAGE, "{port}", str(seconds), *map(str, gate)]
    return {"hosts": [f"{name}.localhost"], "command": command, **more}


@pytest.fixture(scope="module")
def torpor(tmp_path_factory: pytest.TempPathFactory, engine: str) -> Iterator[Torpor]:
    directory = tmp_path_factory.mktemp("waiting")
    (directory / "brand").mkdir()
    (directory / "brand" / "style.css").write_text("progress{color:#800080}")
    (directory / "brand" / "logo.png").write_bytes(LOGO)
    apps = {
        "slow": own_page("slow", 0, directory / "gate", hold="300ms"),
        "plain": own_page("plain", 0, directory / "plain-gate", hold="300ms"),
        "branded": own_page("branded", 0, directory / "never", hold="300ms"),
        "broken": answering("broken", NEEDS_FILE=directory / "needed", hold="300ms"),
        "tested": own_page("tested", 1.5, hold="300ms"),
        "quick": own_page("quick", 0.3, hold="60s"),
    }
    with Torpor.up(directory, {"engine": engine, "brand": "brand", "apps": apps}) as running:
        yield running


def url(torpor: Torpor, app: str, path: str = "/") -> str:
    return f"http://{app}.localhost:{torpor.listen[1]}{path}"


@asynccontextmanager
async def opened(torpor: Torpor, app: str, path: str = "/", *flags: str, scripts: bool = True) -> AsyncIterator[Page]:
    """A tab in which somebody goes to the app."""
    async with Chromium.start(*flags) as chromium, chromium.page(scripts=scripts) as page:
        await page.open(url(torpor, app, path), within=60)
        yield page


async def test_the_page_appears_shows_progress_and_ends_on_the_app_without_a_click(
    torpor: Torpor, tmp_path: Path
) -> None:
    async with opened(torpor, "slow", "/here?x=1", PERSON) as page:
        assert await page.evaluate("document.title") == "slow is waking up"
        await page.wait("parseInt(document.querySelector('#time').innerText) >= 2")
        await page.wait("document.querySelectorAll('#stages li').length > 1")
        await page.screenshot(tmp_path / "waiting.png")

        (torpor.directory / "gate").touch()
        await page.wait("document.title === 'The app itself'", within=60)

        await page.screenshot(tmp_path / "awake.png")
        assert await page.evaluate("location.pathname + location.search") == "/here?x=1"
        assert [status for status, _ in page.documents] == [503, 200]
        assert page.complaints == []


async def test_it_looks_as_the_brand_says_whatever_the_size(torpor: Torpor) -> None:
    async with opened(torpor, "branded", "/", PERSON, scripts=False) as page:
        assert await page.evaluate("getComputedStyle(document.querySelector('progress')).color") == "rgb(128, 0, 128)"
        logo = await page.evaluate("document.getElementById('logo').src")
        assert base64.b64decode(str(logo).partition("base64,")[2]) == LOGO


async def test_it_works_without_scripts(torpor: Torpor) -> None:
    async with opened(torpor, "plain", "/", PERSON, scripts=False) as page:
        assert "is waking up" in await page.text()
        (torpor.directory / "plain-gate").touch()
        await page.wait("document.title === 'The app itself'", within=60)


async def test_a_failure_is_shown_with_its_reason_and_mended_without_a_click(torpor: Torpor, tmp_path: Path) -> None:
    async with opened(torpor, "broken", "/", PERSON) as page:
        # in one look: a moment later it may try again
        failed = "document.title === 'broken could not wake up' && document.body.innerText.includes('is missing')"
        await page.wait(failed)
        await page.screenshot(tmp_path / "failed.png")
        (torpor.directory / "needed").touch()
        await page.wait("document.contentType === 'application/json'", within=60)


async def test_an_automated_browser_is_never_shown_the_page(torpor: Torpor) -> None:
    async with opened(torpor, "tested") as page:
        assert await page.evaluate("document.title") == "The app itself"
        assert [status for status, _ in page.documents] == [200]


async def test_an_app_that_wakes_quickly_is_opened_without_the_page(torpor: Torpor) -> None:
    assert (await asyncio.to_thread(torpor.visit, "quick")).status == 200  # a program; now its usual wake is known,
    await asyncio.to_thread(torpor.sleep, "quick")  # and a person waits the whole `hold`
    async with opened(torpor, "quick", "/", PERSON) as page:
        assert await page.evaluate("document.title") == "The app itself"
        assert [status for status, _ in page.documents] == [200]
