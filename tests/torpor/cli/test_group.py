"""The commands as a whole."""

import pytest

from tests.torpor.cli.command import Torpor
from torpor.cli import COMMANDS

HEAVY = ("mitmproxy", "kubernetes", "scaler", "proxy", "addons", "aiohttp", "rich", "pydantic")


async def test_torpor_alone_prints_the_help(torpor: Torpor) -> None:
    ended = await torpor()
    assert ended.code == 0
    assert all(f"\n  {name} " in ended.out for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
async def test_every_command_teaches_with_an_example(torpor: Torpor, name: str) -> None:
    ended = await torpor(name, "--help")
    assert ended.code == 0
    assert f"torpor {name}" in ended.out.partition("\n")[2]


async def test_a_command_that_is_not_there_is_told_with_the_near_ones(torpor: Torpor) -> None:
    ended = await torpor("wakeup")
    assert ended.code == 2
    assert "There is no command 'wakeup'; did you mean wake?" in ended.err


async def test_asking_imports_nothing_heavy(torpor: Torpor) -> None:
    code = "import sys; from torpor.cli import cli; cli(['apps', '--api', 'http://127.0.0.1:9'], standalone_mode=False)"
    loaded = (
        f"import atexit, sys; atexit.register(lambda: print(*{{m.partition('.')[0] for m in sys.modules}})); {code}"
    )
    process = await torpor.python(loaded)
    assert "torpor" in process.out.split()
    assert not set(HEAVY) & set(process.out.split())
