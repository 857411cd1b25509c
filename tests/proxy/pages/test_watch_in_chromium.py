"""The waiting page in a real browser: what a person sees while an app wakes up, and when it cannot."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from proxy.pages.brand import examine
from tests.accessibility import complaints, shifts
from tests.chromium import Chromium, Page
from tests.proxy.pages.front_door import NOWHERE, FrontDoor
from tests.proxy.pages.samples import HOSTILE, view
from torpor.link import Policy
from torpor.words import Phase

pytestmark = pytest.mark.asyncio(loop_scope="module")

THE_APP = "document.title === 'the app'"
STAGES = "[...document.querySelectorAll('#stages li')].map(e => e.textContent)"
LOADED_AS = "performance.getEntriesByType('navigation')[0].type"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    async with Chromium.start() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def page(chromium: Chromium) -> AsyncIterator[Page]:
    async with chromium.page() as tab:
        yield tab
        assert tab.complaints == []


@pytest_asyncio.fixture(loop_scope="module")
async def door() -> AsyncIterator[FrontDoor]:
    async with FrontDoor.open(view(stage="starting python3")) as opened:
        yield opened


def shows(text: str) -> str:
    return f"document.body.innerText.includes({text!r})"


async def polled(page: Page, door: FrontDoor) -> None:
    """The page's script has asked at least once more."""
    before = len(door.polls)
    while len(door.polls) == before:
        await page.evaluate("new Promise(done => setTimeout(done, 20))")


async def test_it_ends_on_the_apps_own_page_without_a_click(page: Page, door: FrontDoor) -> None:
    await page.open(door.url + "/docs/page?q=1#part-2")
    assert await page.evaluate("document.title") == "notes is waking up"
    door.becomes(Phase.AWAKE)
    await page.wait(THE_APP)
    assert [status for status, _ in page.documents] == [503, 200]
    assert await page.evaluate("location.pathname + location.search + location.hash") == "/docs/page?q=1#part-2"
    assert [target for target in door.asked if "favicon" not in target] == ["/docs/page?q=1"] * 2


async def test_it_leaves_no_entry_in_the_history(page: Page, door: FrontDoor) -> None:
    await page.open("about:blank#before")
    before = await page.evaluate("history.length")
    await page.open(door.url)
    door.becomes(Phase.AWAKE)
    await page.wait(THE_APP)
    assert await page.evaluate("history.length") == before + 1
    assert await page.evaluate(LOADED_AS) == "reload"


async def test_it_asks_for_the_app_at_its_own_path(page: Page, door: FrontDoor) -> None:
    await page.open(door.url + "/docs/page?q=1")
    await page.wait(shows("starting python3"))
    await polled(page, door)
    assert door.polls[0] == {"seen": "", "at": "/docs/page", "app": "notes"}


async def test_it_makes_no_request_but_about_progress(page: Page, door: FrontDoor) -> None:
    await page.open(door.url)
    await polled(page, door)
    assert door.asked == ["/"]


async def test_it_shows_the_wake_stage_by_stage(page: Page, door: FrontDoor) -> None:
    await page.open(door.url)
    door.becomes(Phase.WAKING, stage="waiting for database")
    await page.wait(shows("waiting for database"))
    door.becomes(Phase.WAKING, stage="waiting for port 4123")
    await page.wait(shows("waiting for port 4123"))
    assert await page.evaluate(STAGES) == [
        "a visit came in",
        "starting python3",
        "waiting for database",
        "waiting for port 4123",
    ]
    current = "[...document.querySelectorAll('[aria-current=step]')].map(e => e.textContent)"
    assert await page.evaluate(current) == ["waiting for port 4123"]


async def test_it_says_how_long_each_stage_took(page: Page, door: FrontDoor) -> None:
    door.state = view(stage="starting python3", waking_for=7.0)
    await page.open(door.url)
    door.becomes(Phase.WAKING, stage="waiting for port 4123", waking_for=7.5)
    took = "[...document.querySelectorAll('#stages li')].map(e => e.dataset.took ?? '').join()"
    await page.wait(f"/^,\\d+ s,$/.test({took})")
    assert int(str(await page.evaluate(took)).strip(", s")) >= 7


async def test_nothing_moves_while_it_shows_the_wake(chromium: Chromium, door: FrontDoor) -> None:
    door.state = view(id="review/shop-pr-812", stage="waiting for a node", usual_wake=9.0)
    async with chromium.page(reduced_motion=True) as page:  # what begins or ends to blink would count as moved
        await page.open(door.url)
        for stage in ("pulling registry.example/" + "shop-" * 20, "scheduled", "started", "probing GET /healthz"):
            door.becomes(Phase.WAKING, stage=stage)
            await page.wait(shows(stage))
        assert await shifts(page) == []


async def test_a_failure_says_what_to_do(page: Page, door: FrontDoor) -> None:
    await page.open(door.url)
    door.becomes(Phase.FAILED, reason="ErrImagePull: shop:pr-8: not found", retry_in=60.0)
    await page.wait(shows("check the image's name and tag"))
    assert await page.evaluate("document.getElementById('next').textContent") in {
        f"The next try is in {left} s." for left in range(20, 61)
    }


async def test_a_brand_is_shown_and_works(page: Page, door: FrontDoor, tmp_path: Path) -> None:
    (tmp_path / "style.css").write_text(":root{--accent:rgb(200, 0, 80)}")
    (tmp_path / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20"><style>path{fill:red}</style></svg>'
    )
    (tmp_path / "base.html").write_text(
        '{% extends "torpor/base.html" %}{% block after %}<footer>By us</footer>{% endblock %}'
    )
    door.look, mistakes = examine(tmp_path)
    assert mistakes == []
    await page.open(door.url)
    await page.wait(shows("By us"))
    assert await page.evaluate("document.getElementById('logo').naturalWidth") == 60
    accent = "getComputedStyle(document.documentElement).getPropertyValue('--accent')"
    assert await page.evaluate(accent) == "rgb(200, 0, 80)"
    assert await complaints(page) == []
    door.becomes(Phase.AWAKE)
    await page.wait(THE_APP)


@pytest.mark.parametrize("width", [360, 1200])
@pytest.mark.parametrize("dark", [False, True])
async def test_axe_has_nothing_against_it(chromium: Chromium, door: FrontDoor, width: int, dark: bool) -> None:
    async with chromium.page(width=width, dark=dark, reduced_motion=True) as tab:
        await tab.open(door.url)
        written = {"last_lines": ("migrating " * 40,) * 20, "policy": Policy(page_log=True)}
        door.becomes(Phase.WAKING, stage="waiting for port 4123", **written)
        await tab.wait(shows("migrating"))
        assert await complaints(tab) == []
        door.becomes(Phase.FAILED, reason="exit code 1\n" * 40, retry_in=600.0)
        await tab.wait(shows("exit code 1"))
        assert await complaints(tab) == []
        await tab.evaluate("document.getElementById('again').hidden = false")
        assert await complaints(tab) == []
        await tab.open(door.url + NOWHERE)
        assert await complaints(tab) == []


async def test_the_bar_moves_against_the_usual_time_and_is_never_full(page: Page, door: FrontDoor) -> None:
    door.state = view(usual_wake=3.0, waking_for=1.0)
    await page.open(door.url)
    await page.wait("bar.value > 0.5")
    await page.wait("bar.value > 0.9 && bar.value < 1")
    assert await page.evaluate(shows("usually 3 s"))


async def test_the_bar_has_no_length_when_the_usual_time_is_unknown(page: Page, door: FrontDoor) -> None:
    await page.open(door.url)
    await page.wait(shows("1 s so far"))
    assert await page.evaluate("bar.position") == -1


async def test_without_scripts_it_ends_on_the_apps_own_page_too(chromium: Chromium, door: FrontDoor) -> None:
    async with chromium.page(scripts=False) as tab:
        await tab.open(door.url + "/docs")
        assert "is waking up" in await tab.text()
        door.becomes(Phase.AWAKE)
        await tab.wait(THE_APP)
    assert door.polls == []


async def test_a_failure_shows_the_reason_and_tries_again_by_itself(page: Page, door: FrontDoor) -> None:
    await page.open(door.url)
    door.becomes(Phase.FAILED, reason="no such command: datasett", retry_in=2.0)
    # in one look: two seconds later it tries again
    told = [shows("no such command: datasett"), shows("The next try is in")]
    await page.wait(" && ".join(["document.title === 'notes could not wake up'", *told]))
    door.by_next_visit = view()  # progress goes on saying failed until then
    await page.wait(shows("is waking up"))
    assert await page.evaluate(LOADED_AS) == "reload"
    door.becomes(Phase.AWAKE)
    await page.wait(THE_APP)


async def test_a_failed_page_opens_the_app_when_somebody_else_has_mended_it(page: Page, door: FrontDoor) -> None:
    door.becomes(Phase.FAILED, reason="exit code 1", retry_in=600.0)
    await page.open(door.url)
    await page.wait(shows("exit code 1"))
    door.becomes(Phase.WAKING, stage="starting python3", waking_for=0.0)
    await page.wait(shows("is waking up"))
    assert await page.evaluate(LOADED_AS) == "navigate"
    door.becomes(Phase.AWAKE)
    await page.wait(THE_APP)


async def test_news_that_is_told_twice_does_not_put_off_the_next_try(page: Page, door: FrontDoor) -> None:
    door.becomes(Phase.FAILED, reason="exit code 1", retry_in=60.0)
    await page.open(door.url)
    left = "+document.getElementById('next').textContent.match(/\\d+/)[0]"
    await page.wait(f"{left} <= 58")
    await polled(page, door)  # the first question was held for a while and answered with the same news
    await page.wait(f"{left} <= 56")
    assert door.polls[-1]["seen"] == door.polls[-2]["seen"]


async def test_an_app_that_was_sent_back_to_sleep_is_knocked_at_again(page: Page, door: FrontDoor) -> None:
    await page.open(door.url)
    door.becomes(Phase.ASLEEP)
    await page.wait(f"{LOADED_AS} === 'reload'")
    assert door.asked.count("/") == 2


async def test_a_tab_that_nobody_looks_at_does_not_try_again(page: Page, door: FrontDoor) -> None:
    hidden = "Object.defineProperty(Document.prototype, 'hidden', {get: () => !window.looked})"
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=hidden)
    door.becomes(Phase.FAILED, reason="exit code 1", retry_in=0.5)
    await page.open(door.url)
    await page.wait(shows("Trying again."))
    assert door.asked == ["/"]
    await page.evaluate("looked = true, document.dispatchEvent(new Event('visibilitychange'))")
    await page.wait(f"{LOADED_AS} === 'reload'")


async def test_a_page_that_reloads_over_and_over_stops_at_a_button(page: Page, door: FrontDoor) -> None:
    door.becomes(Phase.AWAKE)
    door.stuck = True
    await page.open(door.url)
    await page.wait("!!document.querySelector('button')?.checkVisibility()")
    assert door.asked == ["/"] * 6
    door.stuck = False
    await page.click("button")
    await page.wait(THE_APP)


async def test_a_lost_connection_is_borne(page: Page, door: FrontDoor) -> None:
    door.deaf = True
    await page.open(door.url)
    await polled(page, door)
    await polled(page, door)
    assert await page.evaluate("document.title") == "notes is waking up"
    door.deaf = False
    door.becomes(Phase.AWAKE)
    await page.wait(THE_APP)


async def test_hostile_names_and_reasons_are_text(page: Page, door: FrontDoor) -> None:
    door.state = view(id=HOSTILE, stage=HOSTILE)
    await page.open(door.url)
    door.becomes(Phase.WAKING, stage=HOSTILE + " again")
    await page.wait(shows("again"))
    door.becomes(Phase.FAILED, reason=HOSTILE, retry_in=600.0)
    await page.wait(shows("could not wake up"))
    assert await page.evaluate("document.images.length + document.scripts.length") == 1
    assert "<img src=x onerror=alert(2)>" in await page.evaluate("document.getElementById('reason').textContent")
    assert "<img src=x onerror=alert(2)>" in await page.evaluate("document.title")


async def test_the_last_lines_of_the_app_are_shown_as_text_as_they_come(page: Page, door: FrontDoor) -> None:
    door.state = view(policy=Policy(page_log=True))
    await page.open(door.url)
    shown = "document.getElementById('lines')"
    assert await page.evaluate(f"{shown}.hidden")
    door.becomes(Phase.WAKING, last_lines=("migrating", HOSTILE))
    await page.wait(f"!{shown}.hidden")
    hidden = str.maketrans(dict.fromkeys("\x00\x1b\u202e", "\ufffd"))  # what would hide or turn what follows
    assert await page.evaluate(f"{shown}.textContent") == f"migrating\n{HOSTILE}".translate(hidden)
    assert await page.evaluate("document.images.length + document.scripts.length") == 1


@pytest.mark.parametrize("width", [320, 360, 1200])
@pytest.mark.parametrize("dark", [False, True])
async def test_it_fits_any_screen(chromium: Chromium, door: FrontDoor, width: int, dark: bool) -> None:
    door.state = view(id="review/" + "a-very-long-name-" * 8, stage="x" * 300, phase=Phase.FAILED, reason="y" * 500)
    async with chromium.page(width=width, dark=dark, reduced_motion=True) as tab:
        await tab.open(door.url)
        assert await tab.evaluate("document.documentElement.scrollWidth") <= width
        lightness = await tab.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
        assert (int(lightness) < 100) is dark
