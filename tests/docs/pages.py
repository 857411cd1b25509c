"""The docs as they are written: pages, their links, anchors and code."""

import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click

from tests.readme_tables import ROOT
from torpor.cli import COMMANDS, cli

DOCS = sorted((ROOT / "docs").glob("*.md"))
PAGES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "examples/README.md", "tests/cluster/README.md")] + DOCS
NAMES = [str(page.relative_to(ROOT)) for page in PAGES]
TOLD = [name for name in NAMES if name == "README.md" or name.startswith(("docs/", "examples/"))]
"""What is told to those who use it; the change log also tells of older versions."""
_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@cache
def text(name: str) -> str:
    """A page, by its path from the root."""
    return (ROOT / name).read_text(encoding="utf-8")


def fences(name: str, *languages: str) -> list[str]:
    """What stands between its fences, of these languages."""
    return [code for _, language, code in _FENCE.findall(text(name)) if language in languages]


def quoted(name: str) -> Iterator[str]:
    """What stands in single backticks."""
    found = re.finditer(r"`([^`\n]+(?:\n[^`\n]+)?)`", _FENCE.sub("", text(name)))
    return (" ".join(one[1].split("\n")).replace("\\|", "|") for one in found)


def links(name: str) -> Iterator[tuple[Path, str]]:
    """Where it leads within the project: the file, and the anchor or nothing."""
    here = ROOT / name
    for target in re.findall(r"\]\(([^)\s]+)\)", _FENCE.sub("", text(name))):
        if "://" not in target:
            file, _, anchor = target.partition("#")
            yield ((here.parent / file).resolve() if file else here), anchor


def anchors(page: Path) -> set[str]:
    """Those of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _FENCE.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def calls(name: str) -> Iterator[list[str]]:
    """Each call of `torpor` that it shows, as words; the first is the command."""
    for code in (*fences(name, "", "sh"), *quoted(name)):
        for line in code.replace("\\\n", " ").splitlines():
            for part in re.split(r"\|\|?|&&?|;|\$\(|\)|  +#|>", line):
                words = _words(part)
                while words and re.match(r"[A-Z_]+=", words[0]):
                    words = words[1:]
                if len(words) > 1 and words[0].rpartition("/")[2] == "torpor":
                    yield words[1:]


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line, comments=True)
    except ValueError:
        return line.split()


def options(command: str) -> set[str]:
    """All of a command, and those that each has."""
    made = cli.get_command(click.Context(cli), command)
    assert made is not None
    return {name for one in made.params for name in (*one.opts, *one.secondary_opts)} | {"--help", "-h"}


@cache
def all_options() -> frozenset[str]:
    """Of all commands."""
    return frozenset().union(*(options(command) for command in COMMANDS))
