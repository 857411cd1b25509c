"""The status page as people use it: what they look for, their keys, what they are told of failures and savings; and
that it stands still, and can be used by everybody."""

from dataclasses import replace

import pytest

from tests.accessibility import complaints, shifts
from tests.chromium import Chromium, Page
from tests.scaler.api.status_page.fake_api import TOKEN, FakeApi, status
from tests.scaler.api.status_page.rows import CHOSEN, VISIBLE, opened, part
from torpor.words import Phase

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORBIDDEN = """for (const name of ['localStorage', 'sessionStorage'])
  Object.defineProperty(window, name, {get() { throw new DOMException('not here', 'SecurityError'); }})"""


async def test_a_slash_leads_to_the_search_and_escape_clears_it(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.press("/")
    await page.type("PR-7")
    await page.wait(f"{VISIBLE} === 'review/pr-7'")
    api.happens("activity", replace(api.apps["notes"], held=3))
    await page.wait(f"{part('notes', 'held')} === '3' && {VISIBLE} === 'review/pr-7'")
    await page.press("Escape")
    await page.wait(f"{VISIBLE} === 'app9,app10,notes,review/pr-7'")
    await page.type("failed")
    await page.wait(f"{VISIBLE} === 'app9'")
    await page.type("x")
    await page.wait("document.getElementById('none').innerText.includes('No app has')")


async def test_one_phase_can_be_looked_at_by_its_count(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.click("#counts [data-phase=asleep]")
    await page.wait(f"{VISIBLE} === 'app10'")
    api.happens("phase", status("notes"), "notes is asleep")
    await page.wait(f"{VISIBLE} === 'app10,notes'")
    assert await page.evaluate("document.querySelector('[aria-pressed=true]').textContent") == "2 asleep"
    await page.click("#counts [data-phase=asleep]")
    await page.wait(f"{VISIBLE} === 'app9,app10,notes,review/pr-7'")
    await page.click("#counts [data-phase=draining]")
    await page.wait("document.getElementById('none').innerText === 'No app is draining now.'")


async def test_what_is_searched_is_the_reason_too(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.press("/")
    await page.type("DATASETT")
    await page.wait(f"{VISIBLE} === 'app9'")


async def test_apps_are_walked_through_woken_and_put_to_sleep_by_key(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.press("/")
    await page.type("app")
    await page.press("ArrowDown")
    assert await page.evaluate(CHOSEN) == "app9"
    await page.press("ArrowDown")
    assert await page.evaluate(CHOSEN) == "app10"
    await page.press("ArrowDown")
    assert await page.evaluate(CHOSEN) == "app10"  # the others are not shown
    await page.press("w")
    await page.wait(f"{part('app10', 'phase')} === 'awake'")
    await page.press("s")
    await page.wait(f"{part('app10', 'phase')} === 'asleep'")
    assert [path for path, _ in api.posts] == ["/v1/apps/app10/wake", "/v1/apps/app10/sleep"]
    await page.press("ArrowUp")
    await page.press("ArrowUp")
    assert await page.evaluate("document.activeElement.id") == "find"


async def test_only_failures_are_shown_by_a_key(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.press("f")
    await page.wait(f"{VISIBLE} === 'app9'")
    await page.press("f")
    await page.wait(f"{VISIBLE} === 'app9,app10,notes,review/pr-7'")


async def test_keys_are_told_and_letters_can_be_turned_off(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.press("?")
    await page.wait("document.getElementById('help').open")
    await page.click("#letters")
    await page.press("Escape")
    await page.wait("!document.getElementById('help').open")
    await page.press("f")
    await page.press("?")
    assert not await page.evaluate("document.getElementById('help').open")
    assert await page.evaluate(VISIBLE) == "app9,app10,notes,review/pr-7"
    await page.click("#keys")
    await page.click("#letters")
    await page.press("Escape")
    await page.press("f")
    await page.wait(f"{VISIBLE} === 'app9'")


async def test_a_browser_that_may_keep_nothing_does_too(page: Page, api: FakeApi) -> None:
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=FORBIDDEN)
    api.token = TOKEN
    await opened(page, api)
    await page.click("[data-id=app10] [data-verb=wake]")
    await page.wait("document.activeElement.id === 'token'")
    await page.type(TOKEN)
    await page.press("Enter")
    await page.wait(f"{part('app10', 'phase')} === 'awake'")
    await page.click("[data-id=app10] [data-verb=sleep]")
    await page.wait(f"{part('app10', 'phase')} === 'asleep'")
    assert [given for _, given in api.posts] == [f"Bearer {TOKEN}"] * 2
    await page.press("?")
    await page.click("#letters")
    await page.press("Escape")
    await page.press("f")
    assert await page.evaluate(VISIBLE) == "app9,app10,notes,review/pr-7"


async def test_a_failure_says_what_to_do(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    api.happens("phase", replace(api.apps["app9"], reason="ErrImagePull: app9:2: not found"), "app9 failed")
    await page.wait(f"{part('app9', 'reason')} === 'ErrImagePull: app9:2: not found'")
    assert "check the image's name and tag" in str(await page.evaluate(part("app9", "todo")))
    api.happens("phase", status("app9", Phase.AWAKE, reason="ErrImagePull: app9:2: not found"))
    await page.wait(f"{part('app9', 'todo')} === ''")


def saved(hours: float, money: float | None = None) -> dict[str, object]:
    """Half a core and a GiB, for so long."""
    amounts = {"cpu_core_seconds": hours * 1800, "memory_byte_seconds": hours * 3600 * 2**30}
    return {"asleep_seconds": hours * 3600, "money": money, **amounts}


def savings(currency: str = "", **apps: tuple[object, object]) -> dict[str, object]:
    told = [{"id": name, "saved": done, "would_save": would} for name, (done, would) in apps.items()]
    price = {"currency": currency} if currency else None
    would = next((one["would_save"] for one in told if one["would_save"]), None)
    return {"price": price, "apps": told, "total": {"saved": told[0]["saved"], "would_save": would}}


async def test_what_sleeping_has_saved_is_told_of_each_app_and_of_all(page: Page, api: FakeApi) -> None:
    api.savings = savings(app10=(saved(30), None), notes=(saved(0), saved(3000)))
    await opened(page, api)
    assert await page.evaluate(part("app10", "saved")) == "15.0 core h"
    assert await page.evaluate(part("app10", "memory")) == "30.0 GiB h"
    assert await page.evaluate(part("notes", "saved")) == "would: 1,500 core h"
    assert await page.evaluate(part("app9", "saved")) == "–"
    total = "Saved 15.0 core h, 30.0 GiB h; would have saved 1,500 core h, 3,000 GiB h more in shadow mode"
    assert await page.evaluate("document.getElementById('saved').textContent") == total


async def test_savings_are_told_in_money_where_there_is_a_price(page: Page, api: FakeApi) -> None:
    api.savings = savings("EUR", app10=(saved(30, 1.234), None))
    await opened(page, api)
    assert await page.evaluate(part("app10", "saved")) == "1.23 EUR"
    assert await page.evaluate(part("app10", "memory")) == "15.0 core h, 30.0 GiB h"
    assert await page.evaluate("document.getElementById('saved').textContent") == (
        "Saved 1.23 EUR, 15.0 core h, 30.0 GiB h"
    )


async def test_nothing_moves_while_it_loads_nor_when_much_happens(page: Page, api: FakeApi) -> None:
    api.savings = savings(app10=(saved(30), None))
    api.proxies = 0
    for number in range(5):
        api.happens("phase", api.apps["notes"], f"notes is awake for the time number {number}")
    await opened(page, api)
    assert await shifts(page) == []
    waking = api.apps["review/pr-7"]
    for stage in ("waiting for a node: " + "no room " * 30, "pulling registry.example/shop:pr-812", "started"):
        api.happens("progress", replace(waking, stage=stage), "")
        await page.wait(f"{part('review/pr-7', 'stage')} === {stage!r}")
    api.broken = True
    api.cut()
    await page.wait("document.getElementById('lost').checkVisibility()")
    assert await shifts(page) == []


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("dark", [False, True])
async def test_axe_has_nothing_against_it(chromium: Chromium, api: FakeApi, width: int, dark: bool) -> None:
    api.savings = savings(app10=(saved(30), None))
    api.apps["docs"] = status("docs", Phase.DRAINING)
    api.token, api.proxies = TOKEN, 0
    api.happens("phase", api.apps["notes"], "notes is awake after 1 s")
    async with chromium.page(width=width, dark=dark, reduced_motion=True) as tab:
        await opened(tab, api)
        assert await complaints(tab) == []
        await tab.click("#counts [data-phase=failed]")
        await tab.wait(f"{VISIBLE} === 'app9'")
        api.broken = True
        api.cut()
        await tab.wait("document.getElementById('lost').checkVisibility()")
        assert await complaints(tab) == []
        await tab.click("[data-id=app9] [data-verb=wake]")
        await tab.wait("document.activeElement.id === 'token'")
        assert await complaints(tab) == []
        await tab.press("Escape")
        await tab.evaluate("document.getElementById('help').showModal()")
        assert await complaints(tab) == []


async def test_axe_and_the_watch_for_what_moves_are_awake(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.evaluate("document.getElementById('about').style.color = '#ddd', true")
    await page.evaluate("document.querySelector('main').prepend('new')")
    await page.evaluate(
        "document.querySelectorAll('td button').forEach(e => e.style = 'padding: 0; font-size: 9px'), true"
    )
    colour, size = await complaints(page)
    assert colour.startswith("color-contrast (serious)")
    assert "about" in colour
    assert size.startswith("target-size (serious)")
    assert await shifts(page) != []
