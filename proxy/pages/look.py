"""How pages look: Torpor's own templates and, over them, those of whoever runs it.

A page that a brand's template fails to make is made by Torpor's own, so a visitor never gets less than that.
"""

import base64
import functools
import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, FunctionLoader, PackageLoader, PrefixLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

logger = logging.getLogger(__name__)

PAGES = ("watch.html", "notice.html")
OURS = "torpor"
"""`torpor/base.html` is Torpor's own `base.html`, for a template that is to stand over it."""

_folder = files(__name__.rpartition(".")[0]) / "templates"
_style = (_folder / "page.css").read_text("utf-8")
_moon = (_folder / "moon.svg").read_text("utf-8").strip()
SCRIPT = (_folder / "watch.js").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class Brand:
    """What stands over Torpor's own."""

    templates: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By name: the text, and the file that it comes from."""
    style: str = ""
    """Comes after Torpor's own."""
    logo: str = ""
    """In place of the moon, as a `data:` URL."""


class Look:
    """The pages, ready to be filled in."""

    def __init__(self, brand: Brand | None = None) -> None:
        """Raises jinja2.TemplateSyntaxError."""
        self.style = _style + (brand.style if brand else "")
        own = f"default-src 'none'; style-src {_hash(self.style)}; img-src data:; base-uri 'none'; form-action 'none'"
        self._rules = {
            "notice.html": own,
            "watch.html": f"{own}; script-src {_hash(SCRIPT)}; connect-src 'self'",
        }
        environment = _environment(brand)
        environment.globals.update(
            style=_ours(self.style),
            script=_ours(SCRIPT),
            logo=Markup('<img id="logo" src="{}" alt="">').format(brand.logo) if brand and brand.logo else _ours(_moon),
        )
        self._pages = {name: environment.get_template(name) for name in PAGES}
        self._branded = brand is not None
        self._told: set[str] = set()

    def render(self, name: str, words: Mapping[str, object]) -> str:
        """The page; `words` are escaped by the template. Raises whatever the template does."""
        return self._pages[name].render(words)

    def page(self, name: str, words: Mapping[str, object]) -> tuple[bytes, str]:
        """The page and its Content-Security-Policy: our own style and script, images within it, and no more."""
        try:
            return self.render(name, words).encode(), self._rules[name]
        except Exception:  # whatever a template does, a visitor gets a page
            if not self._branded:
                raise
            if name not in self._told:
                self._told.add(name)
                logger.exception("the brand's %s does not do for every page; Torpor's own is shown then", name)
            return own_look().page(name, words)


@functools.cache
def own_look() -> Look:
    """Torpor's own."""
    return Look()


def _environment(brand: Brand | None) -> Environment:
    """A sandbox, because somebody may take a template from somewhere: it reads nothing but its words."""
    own = PackageLoader("proxy.pages")

    def load(name: str) -> tuple[str, str, None] | None:
        found = brand.templates.get(name) if brand else None
        return None if found is None else (*found, None)

    return ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([FunctionLoader(load), PrefixLoader({OURS: own}), own]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _ours(text: str) -> Markup:
    return Markup(text)  # noqa: S704 - no word from outside is in it


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
