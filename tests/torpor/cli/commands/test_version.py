"""`torpor version`."""

import json

from tests.torpor.cli.command import Torpor
from torpor import __version__


async def test_the_version_and_what_it_stands_on(torpor: Torpor) -> None:
    ended = await torpor("version")
    assert ended.code == 0
    assert ended.out.splitlines()[0] == f"torpor {__version__}"
    assert json.loads((await torpor("version", "--json")).out)["torpor"] == __version__
    assert (await torpor("--version")).out == f"torpor {__version__}\n"
