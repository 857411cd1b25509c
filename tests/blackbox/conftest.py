"""What the black-box tests share: a running Torpor, and figures that are told at the end."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.blackbox.apart import Scaler, Start
from tests.blackbox.torpor_up import Tell, Torpor, Up
from tests.engines.cannot import able

FIGURE = "measured"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that asks for `engine` runs with each that can do what it is marked to need; nothing is skipped."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", able(metafunc.definition), scope="module")


@pytest.fixture
def up(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Up]:
    """`up(settings)` is a `torpor up` that runs until the test ends, with the engine of the test if it has one."""
    engine = {"engine": request.getfixturevalue("engine")} if "engine" in request.fixturenames else {}
    with ExitStack() as stack:
        yield lambda settings: stack.enter_context(Torpor.up(tmp_path, engine | settings))


@pytest.fixture
def scaler(tmp_path: Path) -> Iterator[Start]:
    """`scaler(settings)` is a `torpor scaler` that runs until the test ends, and starts its proxies."""
    with ExitStack() as stack:
        yield lambda settings, api="": stack.enter_context(Scaler.run(tmp_path, settings, api))


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Tell:
    """Say a measured figure, which is printed at the end and asserted by nobody."""
    return lambda figure: record_property(FIGURE, figure)  # a property comes home from a worker with the report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    figures = [figure for report in reports for name, figure in report.user_properties if name == FIGURE]
    if figures:
        terminalreporter.section("measured", "-")
        for figure in figures:
            terminalreporter.write_line(str(figure))
