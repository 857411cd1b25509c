"""The tables that are written from the code are as it has them."""

from pathlib import Path

import pytest

from tests.readme_tables import PLACES, updated


@pytest.mark.parametrize("page", PLACES, ids=lambda page: page.name)
def test_writing_the_tables_again_changes_nothing(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert updated(text, PLACES[page]) == text, "run: python -m tests.readme_tables"
