"""How `make test` shares the tests out among its workers, and what holds for all tests."""

import signal
from functools import cache
from pathlib import Path

import hypothesis
import pytest
from xdist.remote import Producer
from xdist.scheduler.loadscope import LoadScopeScheduling

from tests.engines.cannot import CANNOT

ROOT = Path(__file__).parents[1]
HOGS = {
    "tests/bench/test_main.py",
    "tests/bench/test_rounds.py",
    "tests/blackbox/test_crowds.py",
    "tests/blackbox/test_cycles.py",
    "tests/blackbox/test_fuzzing.py",
    "tests/blackbox/test_uploads.py",
}
"""What hogs the machine or measures it: one worker takes all of it, one test after another."""
DEFAULT_PORTS = {
    "tests/torpor/cli/commands/test_demo.py",
    "tests/torpor/cli/kubernetes/test_doctor.py",
    "tests/torpor/cli/kubernetes/test_through.py",
    "tests/torpor/cli/test_where.py",
}
"""What listens on the default ports, or wants them free."""

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell's job in the background: Ctrl-C is ignored there, and by all that the tests start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
hypothesis.settings.register_profile("many at once", deadline=None)  # how long an example takes is up to the neighbours
hypothesis.settings.load_profile("many at once")


class OneByOne(LoadScopeScheduling):
    """Gives the next test to the next worker that is free."""

    def _split_scope(self, nodeid: str) -> str:
        """What a test stays together with: those with which it shares what they use."""
        module = nodeid.partition("::")[0]
        if module in HOGS:
            return "hogs"
        if module in DEFAULT_PORTS:
            return "default ports"
        if module.startswith("tests/cluster/"):
            return "cluster"  # one for all of them, which some break
        if _shares(module):
            return module + next((engine for engine in CANNOT if engine in nodeid), "")
        return nodeid


@cache
def _shares(module: str) -> bool:
    return 'scope="module"' in (ROOT / module).read_text(encoding="utf-8")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneByOne:
    """xdist's own groups (`--dist loadgroup`) are passed over in silence by pytest 9.2's node ids."""
    return OneByOne(config, log)
