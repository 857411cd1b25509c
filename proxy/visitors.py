"""Who makes a visit, by its headers: a person, a program, a crawler, a monitor.

Only people and programs wake apps by default. Crawlers, link unfurlers, uptime monitors and health probes say who
they are in their user agent; one that pretends to be a browser is treated as one, which errs on the side of waking.
"""

import re

from cachetools import LRUCache

from proxy.visit import Visit
from torpor.words import Visitor

MONITORS = (
    "kube-probe", "uptimerobot", "uptime-kuma", "pingdom", "statuscake", "better uptime", "betterstack", "site24x7",
    "updown.io", "freshping", "hetrixtools", "nodeping", "checkly", "datadog/synthetics", "datadogsynthetics",
    "newrelicpinger", "blackbox-exporter", "blackbox exporter", "prometheus/", "googlehc",
    "googlestackdrivermonitoring",
    "elb-healthchecker", "amazon-route53-health-check", "azure traffic manager", "alwayson", "edge health probe",
    "haproxy", "nagios", "check_http", "zabbix", "icinga", "gatus", "monit/", "healthcheck", "health-check",
    "consul health check", "envoy/hc", "traefik-health", "catchpoint", "uptime.com", "ohdear", "cronitor", "pulsetic",
)  # fmt: skip

CRAWLERS = re.compile(
    r"bot\b|bot/|crawl|spider|slurp|archiver|facebookexternalhit|facebot|embedly|quora link preview|pinterest/0"
    r"|whatsapp|telegrambot|slackbot|slack-imgproxy|discordbot|skypeuripreview|mattermost|linkedinbot|vkshare"
    r"|w3c_validator|redditbot|applebot|bitlybot|tumblr/|nuzzel|flipboard|outbrain|google-inspectiontool"
    r"|mediapartners-google|adsbot|feedfetcher|google-read-aloud|ia_archiver|ahrefs|semrush|mj12|dotbot|petalbot"
    r"|yandex(?!browser)|baiduspider|sogou|duckduckgo|bingpreview|ccbot|gptbot|claudebot|perplexity|bytespider"
    r"|amazonbot|dataforseo|censys|shodan|zgrab|masscan|nmap|nuclei|expanse|internet-measurement|iframely|unfurl",
)
NOT_CRAWLERS = re.compile(r"cubot")  # a make of telephones
AUTOMATED = ("headlesschrome", "cypress", "playwright", "puppeteer", "phantomjs", "selenium", "webdriver", "testcafe")

_known: LRUCache[str, Visitor | None] = LRUCache(maxsize=4096)


def who(visit: Visit) -> Visitor:
    """The kind of visitor that makes this visit."""
    agent = visit.user_agent[:512]
    try:
        kind = _known[agent]
    except KeyError:
        kind = _known[agent] = _by_agent(agent.lower())
    if kind is not None:
        return kind
    return Visitor.PERSON if is_navigation(visit) else Visitor.PROGRAM


def is_navigation(visit: Visit) -> bool:
    """A browser that goes to a page, as opposed to what scripts and pages fetch.

    Fetch Metadata (https://www.w3.org/TR/fetch-metadata/) says so where it is sent; elsewhere `Accept` tells.
    """
    if visit.upgrade or "text/html" not in visit.accept:
        return False
    return visit.fetch_mode in ("", "navigate", "nested-navigate")


def is_prefetch(visit: Visit) -> bool:
    """A browser that guesses what its person may want next, or shows a thumbnail: nobody has asked yet."""
    return "prefetch" in visit.purpose or "prerender" in visit.purpose or "preview" in visit.purpose


def is_favicon(visit: Visit) -> bool:
    """The little picture that browsers fetch by themselves, also for bookmarks and history."""
    path = visit.path.partition("?")[0]
    return path == "/favicon.ico" or path.startswith("/apple-touch-icon")


def _by_agent(agent: str) -> Visitor | None:
    if any(name in agent for name in MONITORS):
        return Visitor.MONITOR
    if CRAWLERS.search(agent) and not NOT_CRAWLERS.search(agent):
        return Visitor.CRAWLER
    if any(name in agent for name in AUTOMATED):
        return Visitor.AUTOMATED_BROWSER
    return None
