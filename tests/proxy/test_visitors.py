import pytest

from proxy.visit import Visit
from proxy.visitors import is_favicon, is_navigation, is_prefetch, who
from tests.proxy.porch import browser, program
from torpor.words import Visitor


def agent(text: str) -> Visit:
    return browser(user_agent=text)


@pytest.mark.parametrize(
    "text",
    [
        "kube-probe/1.31",
        "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)",
        "Uptime-Kuma/1.23.11",
        "Pingdom.com_bot_version_1.4_(http://www.pingdom.com/)",
        "Prometheus/3.0.1",
        "GoogleHC/1.0",
        "ELB-HealthChecker/2.0",
        "check_http/v2.4 (monitoring-plugins 2.4)",
    ],
)
def test_monitors_and_probes_are_known_by_their_agents(text: str) -> None:
    assert who(agent(text)) is Visitor.MONITOR


@pytest.mark.parametrize(
    "text",
    [
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "facebookexternalhit/1.1",
        "Twitterbot/1.0",
        "WhatsApp/2.23",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "Mozilla/5.0 (compatible; YandexBot/3.0)",
    ],
)
def test_crawlers_and_unfurlers_are_known_by_their_agents(text: str) -> None:
    assert who(agent(text)) is Visitor.CRAWLER


@pytest.mark.parametrize(
    "text",
    [
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/130.0.0.0 Safari/537.36",
        "Mozilla/5.0 Cypress/13.1",
        "Playwright/1.48",
    ],
)
def test_browsers_that_a_program_drives_are_told_apart_from_people(text: str) -> None:
    assert who(agent(text)) is Visitor.AUTOMATED_BROWSER


def test_a_browser_that_navigates_is_a_person_and_what_its_page_fetches_is_a_program() -> None:
    assert who(browser()) is Visitor.PERSON
    assert who(browser(fetch_mode="cors", accept="*/*")) is Visitor.PROGRAM
    assert who(browser(fetch_mode="cors")) is Visitor.PROGRAM
    assert who(program()) is Visitor.PROGRAM
    assert who(program(user_agent="")) is Visitor.PROGRAM


def test_a_person_with_an_odd_telephone_is_no_crawler() -> None:
    assert who(agent("Mozilla/5.0 (Linux; Android 13; CUBOT KINGKONG 9) Chrome/130 Mobile")) is Visitor.PERSON


def test_old_browsers_without_fetch_metadata_navigate_by_accept() -> None:
    assert is_navigation(browser(fetch_mode=""))
    assert not is_navigation(browser(upgrade=True))


def test_favicons_and_guesses_of_the_browser_are_known() -> None:
    assert is_favicon(program("/favicon.ico?v=2"))
    assert is_favicon(program("/apple-touch-icon-120x120.png"))
    assert not is_favicon(program("/favicon.icon"))
    assert is_prefetch(browser(purpose="prefetch;prerender"))
    assert not is_prefetch(browser())
