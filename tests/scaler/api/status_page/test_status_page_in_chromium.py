"""The status page in a real browser: live, operable, and unmoved by what apps call themselves."""

import asyncio
from dataclasses import replace

import pytest

from scaler.bus import QUEUE
from tests.chromium import Chromium, Page
from tests.scaler.api.status_page.fake_api import TOKEN, FakeApi, clock, status
from tests.scaler.api.status_page.rows import opened, part, row
from torpor.words import Mode, Phase

pytestmark = pytest.mark.asyncio(loop_scope="module")

LOST = """const add = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function(kind, tell) {
  if (kind === 'lost') this.addEventListener('open', () => listens = true);
  add.call(this, kind, kind === 'lost' ? event => { told = true; tell(event); } : tell);
}"""
"""The page says when it listens, and when it was told that events are lost."""
HOSTILE = "<img src=x onerror=alert(1)>\"'</td></table><script>alert(2)</script>"


async def test_every_app_has_a_row_by_name(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    ids = await page.evaluate("[...document.querySelectorAll('#apps tr')].map(e => e.dataset.id)")
    assert ids == ["app9", "app10", "notes", "review/pr-7"]


async def test_a_row_tells_all_about_its_app(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    assert await page.evaluate(part("notes", "phase")) == "awake"
    assert await page.evaluate(part("notes", "last")) in {f"{second} s ago" for second in range(34, 60)}
    assert str(await page.evaluate(part("notes", "sleeps"))).startswith("4 min")
    assert await page.evaluate(part("notes", "cause")) == "last wake: GET / from 10.0.0.7 (curl)"
    assert await page.evaluate(part("review/pr-7", "stage")) == "waiting for port 4123"
    assert await page.evaluate(part("review/pr-7", "held")) == "12"
    assert await page.evaluate(part("app9", "reason")) == "no such command: datasett"
    assert str(await page.evaluate(part("app9", "stage"))).startswith("can retry in 8 min")
    assert await page.evaluate(part("app9", "usual")) == "12 s"
    assert await page.evaluate(part("app10", "last")) == "never"


async def test_hosts_lead_to_the_app_at_the_port_of_the_visitors(page: Page, api: FakeApi) -> None:
    hosts = (
        "notes.localhost",
        "*.notes.localhost",
        "x.localhost/docs",
        "=y.localhost/z",
        "?.y.localhost",
        "y.test [k=v]",
    )
    api.apps["notes"] = replace(api.apps["notes"], hosts=hosts)
    await opened(page, api)
    links = await page.evaluate(f"[...{row('notes')}.querySelectorAll('a')].map(e => e.href)")
    paths = ["notes.localhost:8080/", "x.localhost:8080/docs", "y.localhost:8080/z"]
    assert links == [f"http://{path}" for path in paths]
    assert "*.notes.localhost" in await page.evaluate(part("notes", "hosts"))


async def test_in_a_cluster_nobody_knows_the_port_and_hosts_lead_to_that_of_http(page: Page, api: FakeApi) -> None:
    api.listen = ""
    api.apps["notes"] = replace(api.apps["notes"], hosts=("notes.test", "x.test/docs"))
    await opened(page, api)
    links = await page.evaluate(f"[...{row('notes')}.querySelectorAll('a')].map(e => e.href)")
    assert links == ["http://notes.test/", "http://x.test/docs"]
    assert await page.evaluate("document.getElementById('about').textContent") == "0.1.0, mitmproxy, 1 proxy"


async def test_in_shadow_mode_it_is_told_when_it_would_sleep_and_there_is_no_putting_it_to_sleep(
    page: Page, api: FakeApi
) -> None:
    notes = replace(api.apps["notes"], mode=Mode.SHADOW)
    api.apps["notes"] = notes
    await opened(page, api)
    assert str(await page.evaluate(part("notes", "sleeps"))).startswith("would in 4 min")
    assert await page.evaluate(f"{row('notes')}.querySelector('[data-verb=sleep]').ariaDisabled") == "true"
    api.happens("changed", replace(notes, sleeps_at=None, shadow_since=clock() - 190), "notes would go to sleep now")
    await page.wait(f"{part('notes', 'sleeps')} === 'would be asleep for 3 min'")


async def test_the_time_to_sleep_counts_down(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    before = await page.evaluate(part("notes", "sleeps"))
    await page.wait(f"{part('notes', 'sleeps')} !== '{before}'")


async def test_the_phases_are_counted(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    counts = "[...document.querySelectorAll('#counts li')].map(e => e.textContent)"
    assert await page.evaluate(counts) == ["1 awake", "1 waking", "0 draining", "1 asleep", "1 failed"]
    api.happens("phase", status("notes", Phase.DRAINING), "notes is about to sleep")
    await page.wait(f"({counts}).join() === '0 awake,1 waking,1 draining,1 asleep,1 failed'")
    assert await page.evaluate("document.title") == "Torpor: 0 of 4 awake"


async def test_an_event_changes_its_own_row_and_no_other(page: Page, api: FakeApi) -> None:
    api.apps = {name: status(name) for name in ("app9", "app10", "app11")}  # no time in them that moves on
    await opened(page, api)
    await page.evaluate(
        "touched = new Set(), new MutationObserver(changes => changes.forEach(({target}) =>"
        " touched.add((target.closest ? target : target.parentElement).closest('tr')?.dataset.id ?? 'table')))"
        ".observe(document.getElementById('apps'),"
        " {subtree: true, childList: true, attributes: true, characterData: true}), true"
    )
    api.happens("activity", replace(api.apps["app10"], in_flight=5))
    await page.wait(f"{part('app10', 'in_flight')} === '5'")
    assert await page.evaluate("[...touched]") == ["app10"]


async def test_new_apps_come_in_their_place_and_removed_ones_go(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    api.happens("changed", status("blog"), "blog is new")
    api.happens("removed", api.apps["notes"], "notes is managed no more")
    await page.wait(
        "[...document.querySelectorAll('#apps tr')].map(e => e.dataset.id).join() === 'app9,app10,blog,review/pr-7'"
    )


async def test_what_happened_is_told_in_sentences_the_latest_first(page: Page, api: FakeApi) -> None:
    api.happens("phase", api.apps["notes"], "notes is awake after 1 s")
    await opened(page, api)
    api.happens("phase", api.apps["notes"], "notes is about to sleep")
    said = "[...document.querySelectorAll('#feed span')].map(e => e.textContent)"
    await page.wait(f"({said}).join('; ') === 'notes is about to sleep; notes is awake after 1 s'")


async def test_an_event_from_before_the_snapshot_is_news_but_not_the_state(page: Page, api: FakeApi) -> None:
    api.bus.publish(clock() - 60, "phase", status("notes", Phase.WAKING), "notes is waking")
    await opened(page, api)
    await page.wait("document.getElementById('feed').textContent.includes('notes is waking')")
    assert await page.evaluate(part("notes", "phase")) == "awake"


async def test_the_wake_button_wakes(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.click('[data-id="app10"] [data-verb=wake]')
    await page.wait(f"{part('app10', 'phase')} === 'awake'")
    await page.wait("document.getElementById('said').textContent === 'app10 is awake.'")
    assert api.posts == [("/v1/apps/app10/wake", None)]


async def test_the_slash_of_a_name_stays_a_slash(page: Page, api: FakeApi) -> None:
    api.apps["review/pr-7"] = status("review/pr-7", Phase.AWAKE)
    await opened(page, api)
    await page.click('[data-id="review/pr-7"] [data-verb=sleep]')
    await page.wait(f"{part('review/pr-7', 'phase')} === 'asleep'")
    assert api.posts == [("/v1/apps/review/pr-7/sleep", None)]


async def test_a_refusal_is_shown_in_the_row_with_its_reason(page: Page, api: FakeApi) -> None:
    api.refusal = (409, "notes was not put to sleep: a visit called it off")
    await opened(page, api)
    await page.click("[data-id=notes] [data-verb=sleep]")
    await page.wait(f"{part('notes', 'problem')} === 'notes was not put to sleep: a visit called it off'")
    api.refusal = None
    await page.click("[data-id=notes] [data-verb=sleep]")
    await page.wait(f"{part('notes', 'problem')} === ''")


async def test_a_button_that_can_do_nothing_does_nothing(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    assert await page.evaluate(f"{row('notes')}.querySelector('[data-verb=wake]').ariaDisabled") == "true"
    await page.click("[data-id=notes] [data-verb=wake]")
    await page.click("[data-id=notes] [data-verb=sleep]")
    await page.wait(f"{part('notes', 'phase')} === 'asleep'")
    assert [path for path, _ in api.posts] == ["/v1/apps/notes/sleep"]


async def test_the_token_is_asked_for_once_and_kept_for_the_tab(page: Page, api: FakeApi) -> None:
    api.token = TOKEN
    await opened(page, api)
    await page.click("[data-id=app10] [data-verb=wake]")
    await page.wait("document.activeElement.id === 'token'")
    await page.type("a wrong guess")
    await page.press("Enter")
    await page.wait("document.getElementById('ask-why').textContent.includes('not the right token')")
    await page.wait("document.activeElement.id === 'token' && !document.activeElement.value")
    await page.type(TOKEN)
    await page.press("Enter")
    await page.wait(f"{part('app10', 'phase')} === 'awake'")
    await opened(page, api)
    await page.click("[data-id=app10] [data-verb=sleep]")
    await page.wait(f"{part('app10', 'phase')} === 'asleep'")
    assert [given for _, given in api.posts] == ["Bearer a wrong guess", f"Bearer {TOKEN}", f"Bearer {TOKEN}"]


async def test_without_the_token_nothing_is_done_and_that_is_said(page: Page, api: FakeApi) -> None:
    api.token = TOKEN
    await opened(page, api)
    await page.click("[data-id=app10] [data-verb=wake]")
    await page.click("dialog button.plain")
    await page.wait(f"{part('app10', 'problem')} === 'not done: this needs the token'")
    assert api.posts == []


async def test_a_lost_connection_is_told_and_mended(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.wait("document.getElementById('lost').hidden")
    api.broken = True
    api.cut()
    await page.wait("document.getElementById('lost').checkVisibility()")
    api.apps["notes"] = status("notes", Phase.ASLEEP)
    del api.apps["app10"]
    api.broken = False
    await page.wait("document.getElementById('lost').hidden")
    await page.wait(f"{part('notes', 'phase')} === 'asleep' && !{row('app10')}")
    api.happens("activity", replace(api.apps["notes"], held=3))
    await page.wait(f"{part('notes', 'held')} === '3'")


async def test_events_that_are_lost_before_the_apps_are_there_make_it_ask_once_more(page: Page, api: FakeApi) -> None:
    await page.call("Page.addScriptToEvaluateOnNewDocument", source=LOST)
    api.turns = asyncio.Semaphore(0)
    await page.open(api.url)
    await page.wait("!!window.listens")
    for flight in range(QUEUE + 1):
        api.happens("activity", replace(api.apps["notes"], in_flight=flight))
    await page.wait("!!window.told")
    api.turns.release()
    await page.wait(f"{row('notes')} && {part('notes', 'in_flight')} === '{QUEUE}'")
    del api.apps["app10"]
    api.turns.release()
    await page.wait(f"!{row('app10')}")
    assert await page.evaluate("document.getElementById('lost').hidden")
    assert api.asked == ["/v1/apps"] * 2


async def test_the_buttons_can_be_reached_and_pressed_by_keyboard(page: Page, api: FakeApi) -> None:
    await opened(page, api)
    await page.evaluate(f"{row('app10')}.querySelector('a').focus(), true")
    await page.press("Tab")
    assert await page.evaluate("document.activeElement.ariaLabel") == "Wake app10"
    await page.press("Enter")
    await page.wait(f"{part('app10', 'phase')} === 'awake'")
    assert await page.evaluate("document.activeElement.ariaLabel") == "Wake app10"


async def test_hostile_names_hosts_and_reasons_are_text(page: Page, api: FakeApi) -> None:
    api.apps = {
        HOSTILE: status(
            HOSTILE, Phase.FAILED, hosts=("javascript:alert(1)", HOSTILE), reason=HOSTILE, cause=HOSTILE, stage=HOSTILE
        )
    }
    api.refusal = (502, HOSTILE)
    await opened(page, api)
    api.happens("phase", api.apps[HOSTILE], HOSTILE)
    await page.wait("document.getElementById('feed').textContent.includes('<img')")
    await page.click("[data-verb=wake]")
    await page.wait("document.querySelector('[data-of=problem]').textContent.includes('<img')")
    assert await page.evaluate("document.querySelector('[data-of=id]').textContent") == HOSTILE
    assert await page.evaluate("document.images.length + document.scripts.length") == 2
    protocols = await page.evaluate("[...document.querySelectorAll('#apps a')].map(e => e.protocol)")
    assert set(protocols) <= {"http:", ":"}  # `:` is what an address that is none has
    assert len(api.posts) == 1


async def test_the_state_of_torpor_itself_is_told(page: Page, api: FakeApi) -> None:
    api.proxies = 0
    await opened(page, api)
    assert "No proxy is connected" in await page.text()
    api.proxies, api.leader = 2, False
    await opened(page, api)
    assert "stands by" in await page.text()
    assert "0.1.0, mitmproxy, 2 proxies, visitors at 127.0.0.1:8080" in await page.text()


async def test_what_an_app_needs_is_asked_about_anew(page: Page, api: FakeApi) -> None:
    api.apps["database"] = status("database", Phase.AWAKE, idle_timeout=300)
    await opened(page, api)
    assert await page.evaluate(part("database", "sleeps")) == "not now"
    api.apps["database"] = replace(api.apps["database"], sleeps_at=clock() + 200)
    api.happens("phase", replace(api.apps["notes"], needs=("database",), phase=Phase.ASLEEP), "notes is asleep")
    await page.wait(f"{part('database', 'sleeps')}.startsWith('3 min')")


async def test_no_app_at_all_says_what_to_do(page: Page, api: FakeApi) -> None:
    api.apps.clear()
    await opened(page, api)
    await page.wait("document.getElementById('none').innerText.includes('torpor.yaml')")


async def test_a_thousand_apps_and_a_storm_of_events(page: Page, api: FakeApi) -> None:
    api.apps = {f"team/app-{n}": status(f"team/app-{n}", Phase.AWAKE) for n in range(1000)}
    await opened(page, api)
    for flight in range(1, 4):
        for app in list(api.apps.values()):
            api.happens("activity", replace(app, in_flight=flight))
        await asyncio.sleep(0)
        await page.wait(
            f"[...document.querySelectorAll('[data-of=in_flight]')].every(e => e.textContent === '{flight}')"
        )
    await page.press("/")
    await page.type("app-99")
    await page.wait("[...document.querySelectorAll('#apps tr')].filter(e => !e.hidden).length === 11")


@pytest.mark.parametrize("width", [320, 360, 800, 1200, 1280, 1600])
@pytest.mark.parametrize("dark", [False, True])
async def test_it_fits_any_screen(chromium: Chromium, api: FakeApi, width: int, dark: bool) -> None:
    api.apps["long"] = status("review/" + "very-long-name-" * 8, Phase.FAILED, reason="x" * 500, cause="y" * 300)
    async with chromium.page(width=width, dark=dark) as tab:
        await opened(tab, api)
        assert await tab.evaluate("document.documentElement.scrollWidth") <= width
        out = "filter(e => e.getBoundingClientRect().right > innerWidth + 1).map(e => e.outerHTML.slice(0, 80))"
        assert await tab.evaluate(f"[...document.querySelectorAll('body *:not(thead *)')].{out}") == []
        lightness = await tab.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
        assert (int(lightness) < 100) is dark
