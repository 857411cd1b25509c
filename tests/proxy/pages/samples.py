"""Visits, apps and a way to read the answers, for the tests of the pages."""

from html.parser import HTMLParser
from typing import Any

from proxy.visit import Answer, Visit
from torpor.link import AppView
from torpor.words import Phase

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{7*7}}{% raw %}&\x00\x1b[0m\u202e"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def visit(accept: str = BROWSER, **members: Any) -> Visit:
    return Visit(
        **({"host": "notes.localhost", "method": "GET", "path": "/", "client": "127.0.0.1"} | members), accept=accept
    )


def view(**members: Any) -> AppView:
    defaults: dict[str, Any] = {"id": "notes", "phase": Phase.WAKING, "epoch": 1}
    return AppView(**(defaults | members))


def header(answer: Answer, name: str) -> str | None:
    found = [value for key, value in answer.headers if key.lower() == name.lower()]
    assert len(found) <= 1, f"{name} is there twice"
    return found[0] if found else None


class Shape(HTMLParser):
    """The elements of a page with the names of their attributes, and its text: what an injection would change."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.words = ""
        self.feed(answer.body.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data
