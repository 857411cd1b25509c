"""What docs/pages.md says of reasons and of a look of one's own is what the code does."""

import re

from proxy.pages import brand, trial
from tests.docs.pages import text
from tests.readme_tables import ROOT
from torpor.advice import advice

TOLD = text("docs/pages.md")
TEMPLATES = ROOT / "proxy" / "pages" / "templates"


def test_each_reason_that_is_named_has_its_advice() -> None:
    section = TOLD.split("| what the reason begins with")[1].split("\n\n")[0]
    otherwise = advice("what nobody knows")
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \|$", section, re.MULTILINE)
    assert len(rows) > 5
    for row in rows:
        for reason in re.findall(r"`([^`]+)`", row):
            assert advice(reason.replace("…", "7") + " 1m") != otherwise, reason


def test_blocks_colours_and_sizes_are_those_that_there_are() -> None:
    blocks = {
        name for file in TEMPLATES.glob("*.html") for name in re.findall(r"{% block (\w+)", file.read_text("utf-8"))
    }
    sentence = re.search(r"blocks are (.*?)\. This is", TOLD, re.DOTALL)
    assert sentence is not None
    assert set(re.findall(r"`(\w+)`", sentence[1])) == blocks
    colours = set(re.findall(r"(--[a-z]+):", (TEMPLATES / "page.css").read_text("utf-8")))
    listed = re.search(r"The colours are (.*?)\.\n", TOLD)
    assert listed is not None
    assert set(re.findall(r"`(--[a-z]+)`", listed[1])) == colours
    assert f"at most {brand.LARGEST // 1024} KiB, a page {trial.LARGEST // 1024} KiB" in TOLD
