"""Whether pages do: each is made with words as they come, kind and hostile, and looked at as a browser would.

A visitor must be able to wait on it with and without scripts, nothing in it may want what its Content-Security-Policy
forbids, and no word may become markup.
"""

import traceback
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser

from jinja2 import TemplateError, TemplateNotFound

from proxy.pages.look import OURS, PAGES, SCRIPT, Look

LARGEST = 128 * 1024
"""Bytes of a page."""
IDS = ("watch", "what", "waking", "bar", "time", "stages", "failed", "reason", "todo", "lines", "next", "again", "open")
"""The elements that watch.js fills in."""
FACTS = ("data-phase", "data-name", "data-waited", "data-usual", "data-retry")
"""What watch.js reads from the first of them."""
_ANYTHING = "</script><script>0</script></style><img src=x onerror=0>\"'` a=b &amp;"
_LOADS = frozenset(("src", "srcset", "poster", "data", "background", "action", "formaction", "manifest"))
_EMPTY: dict[str, object] = {"title": "a title", "what": "what", "todo": "", "reason": "", "again": False}


def failing(look: Look) -> list[str]:
    """What is wrong with the pages, each of it once."""
    return list(dict.fromkeys(mistake for name in PAGES for mistake in _failing(look, name)))


def _failing(look: Look, name: str) -> Iterator[str]:
    for kind, hostile in zip(_words(name, "notes"), _words(name, _ANYTHING), strict=True):
        try:
            page, attacked = (_Seen(look.render(name, words)) for words in (kind, hostile))
        except Exception as error:  # noqa: BLE001 - a template is somebody else's program, and this is what it is tried for
            yield f"{_where(error) or name}: {_said(error)}"
            return
        if page.shape != attacked.shape:
            yield f"{name}: a word from outside becomes markup: is it in quotes, and without `safe`?"
        if page.size > LARGEST:
            yield f"{name}: the page has {page.size} bytes; allowed are {LARGEST}"
        yield from (f"{name}: {mistake}" for mistake in page.mistakes(look.style))
        if name == "watch.html":
            yield from (f"{name}: {mistake}" for mistake in page.lacks())


def _words(name: str, word: str) -> list[dict[str, object]]:
    """The sorts of pages that there are."""
    if name == "notice.html":
        full = _EMPTY | {"title": word, "what": word, "todo": word, "reason": word, "again": True}
        return [full, _EMPTY | {"title": word, "what": word}]
    waking: dict[str, object] = {
        "name": word,
        "state": "waking",
        "stage": word,
        "reason": "",
        "todo": word,
        "lines": word,
    }
    times: dict[str, object] = {"so_far": 1.5, "usual": 9.0, "share": 0.2, "retry_in": 8, "refresh": 2}
    return [
        waking | times,
        waking | times | {"stage": "", "usual": None, "share": None},
        waking | times | {"state": "failed", "stage": "", "reason": word},
    ]


def _where(error: Exception) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".html")]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


def _said(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return f"it extends itself; Torpor's own is called {OURS}/base.html, and so on"
    if isinstance(error, TemplateNotFound):
        return f"there is no template {error.name!r}"
    return (error.message if isinstance(error, TemplateError) else str(error)) or type(error).__name__


class _Seen(HTMLParser):
    """A page as a browser reads it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.size = len(text.encode())
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self._elements: list[tuple[str, Mapping[str, str]]] = []
        self._inside: list[tuple[str, str]] = []
        """What stands in a style or a script."""
        self._open = ""
        self._without_scripts = self._comes_back = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        found = {name: value or "" for name, value in attrs}
        self._elements.append((tag, found))
        self._open = tag
        if tag in ("style", "script"):
            self._inside.append((tag, ""))
        if tag == "noscript":
            self._without_scripts = True
        if tag == "meta" and found.get("http-equiv", "").lower() == "refresh":
            self._comes_back = self._without_scripts

    def handle_endtag(self, tag: str) -> None:
        """An element ends."""
        self._open = ""
        if tag == "noscript":
            self._without_scripts = False

    def handle_data(self, data: str) -> None:
        """Text between them."""
        if self._open in ("style", "script"):
            tag, text = self._inside[-1]
            self._inside[-1] = tag, text + data

    def mistakes(self, style: str) -> Iterator[str]:
        """What the browser would not do, or would have to ask somebody else for."""
        for tag, text in self._inside:
            if text != (style if tag == "style" else SCRIPT):
                yield f"a <{tag}> of its own; looks belong into style.css, and there is no script but {{{{ script }}}}"
        for tag, attributes in self._elements:
            for name, value in attributes.items():
                if name == "style" or name.startswith("on"):
                    yield f"<{tag} {name}=…> has no effect; what looks belongs into style.css"
                loads = name in _LOADS or (name in ("href", "xlink:href") and tag not in ("a", "area"))
                if loads and value and not value.startswith(("data:", "#")):
                    yield f"<{tag} {name}={value[:60]!r}> loads something; pages load nothing, images are data: URLs"
        if not any(tag == "title" for tag, _ in self._elements):
            yield "there is no <title>"

    def lacks(self) -> Iterator[str]:
        """What the waiting page needs in order to work."""
        ids = [attributes["id"] for _, attributes in self._elements if "id" in attributes]
        if missing := [one for one in IDS if ids.count(one) != 1]:
            yield f"there has to be one element for each id: {', '.join(missing)}"
        facts = next((attributes for _, attributes in self._elements if attributes.get("id") == "watch"), {})
        if unsaid := [fact for fact in FACTS if fact not in facts]:
            yield f"the element with id='watch' has no {', '.join(unsaid)}"
        if ("script", SCRIPT) not in self._inside:
            yield "<script>{{ script }}</script> is missing, which opens the app when it is awake"
        if not self._comes_back:
            yield '<noscript><meta http-equiv="refresh" content="{{ refresh }}"></noscript> is missing'
