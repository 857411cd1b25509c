"""What the docs tell to type exists: commands, options, variables."""

import re

import pytest

from tests.docs.pages import TOLD, all_options, calls, options, quoted, text
from tests.readme_tables import ROOT
from torpor.cli import COMMANDS

OF_OTHERS = {"--quick", "--only", "--no-hooks"}
"""Of `python -m bench`, and of Helm."""
STYLE = ROOT / "proxy" / "pages" / "templates" / "page.css"


@pytest.mark.parametrize("name", TOLD)
def test_commands_and_their_options_exist(name: str) -> None:
    for command, *words in calls(name):
        if command in ("COMMAND", "--help", "--version"):
            continue
        assert command in COMMANDS, f"torpor {command}"
        strange = {word for word in words if re.match(r"--?[a-z]", word)} - {"--help"}
        assert {word.partition("=")[0] for word in strange} <= options(command), f"torpor {command}: {strange}"


@pytest.mark.parametrize("name", TOLD)
def test_options_that_are_named_alone_exist_in_some_command(name: str) -> None:
    colours = set(re.findall(r"(--[a-z]+):", STYLE.read_text(encoding="utf-8")))
    alone = {found for quote in quoted(name) if re.match("--[a-z]", found := re.split(r"[ =]", quote)[0])}
    assert alone - all_options() - OF_OTHERS - colours == set()


@pytest.mark.parametrize("name", TOLD)
def test_variables_are_read_somewhere(name: str) -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "torpor" / "cli").rglob("*.py"))
    named = set(re.findall(r"\bTORPOR_[A-Z_]+\b", text(name)))
    assert {one for one in named if f'"{one}"' not in sources} == set()


def test_all_options_and_variables_are_told() -> None:
    told = text("docs/configure.md")
    for command in COMMANDS:
        hidden = {"--supervised-by", "--help", "-h"}
        assert {one for one in options(command) - hidden if one not in told} == set()
    supplied = "".join((ROOT / "torpor" / "cli" / name).read_text("utf-8") for name in ("supplied.py", "where.py"))
    assert {one for one in re.findall(r'"(TORPOR_[A-Z_]+)"', supplied) if f"| `{one}` |" not in told} == set()
