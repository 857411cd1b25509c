"""Every link within the project leads somewhere, and every page is found from the index."""

import pytest

from tests.docs.pages import DOCS, NAMES, anchors, links


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    wrong = [
        (str(file), anchor)
        for file, anchor in links(name)
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in anchors(file))
    ]
    assert wrong == []


def test_the_index_has_every_page_and_the_readme_the_index() -> None:
    listed = {file for file, _ in links("docs/README.md")}
    assert {page for page in DOCS if page.name != "README.md"} <= listed
    assert "docs/README.md" in {str(file)[-14:] for file, _ in links("README.md")}
