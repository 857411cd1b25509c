"""What the black-box tests share: a running Torpor, and figures that are told at the end."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.blackbox.torpor_up import Tell, Torpor, Up

_figures: list[str] = []


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """`up(settings)` is a `torpor up` that runs until the test ends."""
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(Torpor.up(tmp_path, settings))


@pytest.fixture
def tell() -> Tell:
    """Say a measured figure, which is printed at the end and asserted by nobody."""
    return _figures.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    if _figures:
        terminalreporter.section("measured", "-")
        for figure in _figures:
            terminalreporter.write_line(figure)
