"""What a person sees in Chromium who opens a sleeping app that starts slowly."""

from pathlib import Path

from tests.blackbox.torpor_up import Settings, Torpor, Up, answering
from tests.chromium import Chromium

PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
OWN_PAGE = """
import http.server, sys, time
time.sleep(float(sys.argv[2]))
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


def own_page(seconds: float, **more: object) -> Settings:
    """An app with a page, which takes so many seconds to start."""
    return {"hosts": ["slow.localhost"], "command": ["python3", "-c", OWN_PAGE, "{port}", str(seconds)], **more}


def url(torpor: Torpor, app: str, path: str = "/") -> str:
    return f"http://{app}.localhost:{torpor.listen[1]}{path}"


async def test_the_page_appears_shows_progress_and_ends_on_the_app_without_a_click(up: Up, tmp_path: Path) -> None:
    torpor = up({"hold": "500ms", "apps": {"slow": own_page(5)}})
    async with Chromium.start(f"--user-agent={PERSON}") as chromium, chromium.page() as page:
        await page.open(url(torpor, "slow", "/here?x=1"))
        assert await page.evaluate("document.title") == "slow is waking up"
        await page.wait("document.querySelector('#time').innerText.startsWith('2 s so far')")
        await page.wait("document.querySelectorAll('#stages li').length > 1")
        await page.screenshot(tmp_path / "waiting.png")

        await page.wait("document.title === 'The app itself'", within=60)

        await page.screenshot(tmp_path / "awake.png")
        assert await page.evaluate("location.pathname + location.search") == "/here?x=1"
        assert [status for status, _ in page.documents] == [503, 200]
        assert page.complaints == []


async def test_it_works_without_scripts(up: Up) -> None:
    torpor = up({"hold": "500ms", "apps": {"slow": own_page(3)}})
    async with Chromium.start(f"--user-agent={PERSON}") as chromium, chromium.page(scripts=False) as page:
        await page.open(url(torpor, "slow"))
        assert "is waking up" in await page.text()
        await page.wait("document.title === 'The app itself'", within=60)


async def test_a_failure_is_shown_with_its_reason_and_mended_without_a_click(up: Up, tmp_path: Path) -> None:
    needed = tmp_path / "needed"
    torpor = up({"hold": "500ms", "apps": {"app": answering("app", NEEDS_FILE=needed, START_DELAY=1)}})
    async with Chromium.start(f"--user-agent={PERSON}") as chromium, chromium.page() as page:
        await page.open(url(torpor, "app"))
        await page.wait("document.title === 'app could not wake up'")
        assert "is missing" in await page.text()
        await page.screenshot(tmp_path / "failed.png")
        needed.touch()
        await page.wait("document.contentType === 'application/json'", within=60)


async def test_an_automated_browser_is_never_shown_the_page(up: Up) -> None:
    torpor = up({"hold": "500ms", "apps": {"slow": own_page(4)}})
    async with Chromium.start() as chromium, chromium.page() as page:
        await page.open(url(torpor, "slow"), within=60)
        assert await page.evaluate("document.title") == "The app itself"
        assert [status for status, _ in page.documents] == [200]


async def test_an_app_that_wakes_quickly_is_opened_without_the_page(up: Up) -> None:
    torpor = up({"apps": {"slow": own_page(0.5)}})
    async with Chromium.start(f"--user-agent={PERSON}") as chromium, chromium.page() as page:
        await page.open(url(torpor, "slow"), within=60)
        assert await page.evaluate("document.title") == "The app itself"
        assert [status for status, _ in page.documents] == [200]
