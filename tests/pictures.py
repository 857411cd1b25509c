"""`python -m tests.pictures DIRECTORY` saves pictures of both pages, for people to look at; `python -m tests.pictures`
those that are in docs/.

The pages are the real ones, in Chromium. The apps are made up.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from itertools import product
from pathlib import Path

from scaler.status import AppStatus
from tests.chromium import Chromium, Page
from tests.proxy.pages.front_door import NOWHERE, FrontDoor
from tests.proxy.pages.samples import view
from tests.scaler.api.status_page.fake_api import TOKEN, FakeApi, clock, status
from tests.scaler.api.status_page.rows import opened
from torpor.link import Policy
from torpor.words import Mode, Phase

SCREENS = {"phone": (390, 844), "tablet": (820, 1100), "desktop": (1280, 800), "wide": (1700, 1000)}
DOCS = Path(__file__).parents[1] / "docs" / "pictures"
SHOP, WIKI, REPORTS = "review/shop-pr-812", "review/wiki-pr-44", "shop/reports"
PULLING = "pulling registry.example/shop:pr-812"
NO_IMAGE = 'ErrImagePull: pulling image "registry.example/wiki:pr-44": not found'
LINES = (
    "> shop@1.4.0 start",
    "applying 0041_baskets",
    "applying 0042_stock",
    "2 migrations applied",
    "starting workers",
)
VISIT = "GET /basket from 10.0.0.7 (Firefox)"
NEWS = {
    "shop/web": "shop/web is awake after 2.1s",
    WIKI: f"{WIKI} failed: {NO_IMAGE}; a visit after 1m tries again",
    SHOP: f"{SHOP} is waking: {VISIT}",
    "staging/search": "staging/search is about to sleep",
}


async def for_looking(directory: Path) -> None:
    """Both pages in all their states, on all screens."""
    for (name, (width, height)), dark in product(SCREENS.items(), (False, True)):
        stem = f"{name}-{'dark' if dark else 'light'}"
        async with shown(width, height, dark=dark) as (page, api, door):
            await _status_page(page, api, directory / "status", stem)
            await _waiting_page(page, door, directory / "waiting", stem)


async def for_docs() -> None:
    """One of each."""
    async with shown(1280, 600) as (page, api, _):
        del api.apps["review/shop-pr-807"], api.apps["staging/search"]
        await _open_status(page, api)
        await page.screenshot(DOCS / "status-page.webp")
    async with shown(640, 480) as (page, _, door):
        await _open_waiting(page, door)
        await page.screenshot(DOCS / "waiting-page.webp")


@contextlib.asynccontextmanager
async def shown(width: int, height: int, *, dark: bool = False) -> AsyncIterator[tuple[Page, FakeApi, FrontDoor]]:
    """A screen, and what to show on it."""
    async with (
        FakeApi.open(*apps()) as api,
        FrontDoor.open(view(id=SHOP)) as door,
        Chromium.start() as chromium,
        chromium.page(width=width, height=height, dark=dark, reduced_motion=True) as page,
    ):
        api.savings = savings([app.id for app in api.apps.values()])
        for number, (app, text) in enumerate(NEWS.items()):
            api.bus.publish(clock() - 50 * (len(NEWS) - number), "phase", api.apps[app], text)
        yield page, api, door


def apps() -> list[AppStatus]:
    """Some in each phase."""
    now = clock()

    def app(name: str, phase: Phase, since: float, **members: object) -> AppStatus:
        space, short = name.split("/")
        known: dict[str, object] = {"hosts": (f"{short}.{space}.example",), "last_access": now - 7500, "team": "shop"}
        return status(name, phase, **known | {"usual_wake": 3.4, "since": now - since} | members)

    shop = ("shop.example", "www.shop.example")
    return [
        app("shop/web", Phase.AWAKE, 20_000, hosts=shop, last_access=now - 1, in_flight=4, cause=VISIT),
        app(REPORTS, Phase.AWAKE, 90_000, mode=Mode.SHADOW, shadow_since=now - 4000),
        app("staging/api", Phase.ASLEEP, 7200, cause="GET /v1/items from 10.0.0.9 (curl)"),
        app("staging/web", Phase.AWAKE, 900, last_access=now - 115, sleeps_at=now + 185),
        app("staging/search", Phase.DRAINING, 1, last_access=now - 301),
        app("review/shop-pr-807", Phase.ASLEEP, 200_000),
        app(SHOP, Phase.WAKING, 6, stage=PULLING, held=3, cause=VISIT, usual_wake=14.2),
        app(WIKI, Phase.FAILED, 16, reason=NO_IMAGE, retry_at=now + 44, cause=VISIT, usual_wake=None),
    ]


def savings(names: list[str]) -> dict[str, object]:
    """As GET /v1/savings tells them, at a price."""

    def of(hours: float) -> dict[str, float]:
        amounts = {"cpu_core_seconds": hours * 1800, "memory_byte_seconds": hours * 3600 * 2**30}
        return {"asleep_seconds": hours * 3600, "money": hours * 0.02, **amounts}

    told = [
        {"id": name, "saved": None, "would_save": of(30)}
        if name == REPORTS
        else {"id": name, "saved": of(40 * place), "would_save": None}
        for place, name in enumerate(names)
    ]
    return {"price": {"currency": "EUR"}, "apps": told, "total": {"saved": of(1120), "would_save": of(30)}}


async def _open_status(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.wait("document.getElementById('feed').children.length > 0")


async def _status_page(page: Page, api: FakeApi, folder: Path, stem: str) -> None:
    await _open_status(page, api)
    await page.screenshot(folder / f"{stem}.png")
    await page.click("#counts [data-phase=failed]")
    await page.screenshot(folder / f"{stem}-failed.png")
    await page.click("#counts [data-phase=failed]")
    await page.evaluate("document.getElementById('keys').click(), true")
    await page.screenshot(folder / f"{stem}-keys.png")
    await page.press("Escape")
    api.token, api.refusal = TOKEN, (409, "staging/web was not put to sleep: a visit called it off")
    await page.click("[data-id='staging/web'] [data-verb=sleep]")
    await page.wait("document.activeElement.id === 'token'")
    await page.screenshot(folder / f"{stem}-token.png")
    await page.type(TOKEN)
    await page.press("Enter")
    await page.wait("document.body.innerText.includes('a visit called it off')")
    api.proxies = 0
    api.broken = True
    api.cut()
    await page.wait("document.getElementById('lost').checkVisibility()")
    await page.screenshot(folder / f"{stem}-lost.png")


async def _open_waiting(page: Page, door: FrontDoor) -> None:
    door.state = view(id=SHOP, stage="waiting for a node", usual_wake=14.2, waking_for=3.0)
    await page.open(door.url + "/basket")
    for stage, so_far in ((PULLING, 3.1), ("probing GET /healthz", 5.2)):
        door.becomes(Phase.WAKING, stage=stage, waking_for=so_far)
        await page.wait(f"document.body.innerText.includes({stage!r})")
        await asyncio.sleep(2)  # stages take their time


async def _waiting_page(page: Page, door: FrontDoor, folder: Path, stem: str) -> None:
    await _open_waiting(page, door)
    await page.screenshot(folder / f"{stem}.png")
    door.becomes(Phase.WAKING, last_lines=LINES, policy=Policy(page_log=True))
    await page.wait("document.body.innerText.includes('starting workers')")
    await page.screenshot(folder / f"{stem}-lines.png")
    door.becomes(Phase.FAILED, reason=NO_IMAGE, retry_in=44.0, last_lines=())
    await page.wait("document.body.innerText.includes('ErrImagePull')")
    await page.screenshot(folder / f"{stem}-failed.png")
    await page.open(door.url + NOWHERE)
    await page.screenshot(folder / f"{stem}-nowhere.png")


if __name__ == "__main__":
    asyncio.run(for_looking(Path(sys.argv[1])) if sys.argv[1:] else for_docs())
