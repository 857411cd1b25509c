"""How a test looks at the status page: JavaScript for what is asked most."""

from tests.chromium import Page
from tests.scaler.api.status_page.fake_api import FakeApi

VISIBLE = "[...document.querySelectorAll('#apps tr')].filter(e => !e.hidden).map(e => e.dataset.id).join()"
CHOSEN = "document.activeElement.closest('#apps tr')?.dataset.id"


def part(app: str, name: str) -> str:
    """JavaScript for the text of one part of an app's row."""
    return f"document.querySelector('[data-id=\"{app}\"] [data-of={name}]').textContent"


def row(app: str) -> str:
    return f"document.querySelector('[data-id=\"{app}\"]')"


async def opened(page: Page, api: FakeApi) -> None:
    """The page is there and listens to events."""
    await page.open(api.url)
    await page.wait(f"document.querySelectorAll('#apps tr').length === {len(api.apps)}")
    await page.wait("!document.body.classList.contains('loading')")
