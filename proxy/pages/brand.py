"""A brand is a directory: `style.css`, `logo.svg` (or `.png`, `.webp`, `.jpg`) and templates, each of them optional.

It is read once. What cannot be used is told with its file, and then nothing of the brand is: half of one would be
neither's.
"""

import base64
import logging
import re
from pathlib import Path

from jinja2 import TemplateSyntaxError

from proxy.pages.look import Brand, Look, own_look
from proxy.pages.trial import failing

logger = logging.getLogger(__name__)

STYLE = "style.css"
LOGOS = {"logo.svg": "svg+xml", "logo.png": "png", "logo.webp": "webp", "logo.jpg": "jpeg"}
MOST_FILES = 50
LARGEST = 32 * 1024
"""Bytes of a file: all of it is in each page, and a page is asked for often."""
_SVG = re.compile(rb"<svg\s[^>]*xmlns=[\"']http://www\.w3\.org/2000/svg[\"']")
_BEGINS = {"logo.png": b"\x89PNG\r\n\x1a\n", "logo.webp": b"RIFF", "logo.jpg": b"\xff\xd8\xff"}
_FROM_ELSEWHERE = re.compile(r"@import|url\(\s*[\"']?(?!data:|#|[\"'\s])|</style", re.IGNORECASE)


def look_of(directory: Path | None) -> Look:
    """How pages look: as the brand says, or as Torpor's own, when there is none or mistakes in it, which are logged."""
    if directory is None:
        return own_look()
    look, mistakes = examine(directory)
    for mistake in mistakes:
        logger.error("%s", mistake)
    if look is None:
        logger.error("the brand in %s is not used, and pages look like Torpor's own until it is mended", directory)
        return own_look()
    return look


def examine(directory: Path) -> tuple[Look | None, list[str]]:
    """How pages look with this brand, or, when it cannot be used, all that is wrong with it."""
    brand, mistakes = _read(directory)
    if mistakes:
        return None, mistakes
    try:
        look = Look(brand)
    except TemplateSyntaxError as error:
        return None, [f"{error.filename or directory}:{error.lineno}: {error.message}"]
    mistakes = [one if one.startswith(str(directory)) else f"{directory}/{one}" for one in failing(look)]
    return (None if mistakes else look), mistakes


def _read(directory: Path) -> tuple[Brand, list[str]]:
    mistakes: list[str] = []
    templates: dict[str, tuple[str, str]] = {}
    style = ""
    logos: list[tuple[str, bytes]] = []
    for file in _files(directory, mistakes):
        try:
            with file.open("rb") as opened:
                content = opened.read(LARGEST + 1)
            if len(content) > LARGEST:
                raise ValueError(f"it is larger than {LARGEST // 1024} KiB")
            if file.name in LOGOS:
                logos.append((file.name, _image(file.name, content)))
            elif file.suffix == ".html":
                templates[file.name] = content.decode(), str(file)
            else:
                style = _own_style(content.decode())
        except (OSError, ValueError) as error:
            mistakes.append(f"{file}: {error.strerror if isinstance(error, OSError) else error}")
    if len(logos) > 1:
        mistakes.append(f"{directory}: there is more than one logo: {', '.join(name for name, _ in logos)}")
    if not mistakes and not (templates or style or logos):
        mistakes.append(f"{directory}: there is none of {STYLE}, {', '.join(LOGOS)} and *.html")
    return Brand(templates, style, _data_url(*logos[0]) if logos else ""), mistakes


def _files(directory: Path, mistakes: list[str]) -> list[Path]:
    """The files that count, by name. A mounted ConfigMap is links and folders of dots, which do not."""
    try:
        found = sorted(file for file in directory.iterdir() if _counts(file.name))
    except OSError as error:
        mistakes.append(f"{directory}: {error.strerror}")
        return []
    if len(found) > MOST_FILES:
        mistakes.append(f"{directory}: there are {len(found)} files; allowed are {MOST_FILES}")
    return found[:MOST_FILES]


def _counts(name: str) -> bool:
    return not name.startswith(".") and (name == STYLE or name in LOGOS or name.endswith(".html"))


def _image(name: str, content: bytes) -> bytes:
    if name in _BEGINS and not content.startswith(_BEGINS[name]):
        raise ValueError(f"it is no {LOGOS[name].upper()} image")
    if name not in _BEGINS and not _SVG.search(content):
        raise ValueError('it has no <svg xmlns="http://www.w3.org/2000/svg">, without which browsers show nothing')
    return content


def _own_style(text: str) -> str:
    if found := _FROM_ELSEWHERE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        raise ValueError(f"line {line}: {found[0]!r} leads elsewhere; pages load nothing, and images are data: URLs")
    return text


def _data_url(name: str, content: bytes) -> str:
    return f"data:image/{LOGOS[name]};base64,{base64.b64encode(content).decode()}"
