"""`torpor completion` and what the shell gets from it."""

import pytest

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi, app


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
async def test_the_script_says_how_to_install_it(torpor: Torpor, shell: str) -> None:
    ended = await torpor("completion", shell)
    assert ended.code == 0
    assert ended.out.startswith("# To install it, ")
    assert "_TORPOR_COMPLETE" in ended.out


async def complete(torpor: Torpor, words: str, **env: str) -> list[str]:
    count = str(len(words.split()) - (not words.endswith(" ")))
    ended = await torpor(COMP_WORDS=words, COMP_CWORD=count, _TORPOR_COMPLETE="bash_complete", **env)
    assert ended.err == ""
    return [line.partition(",")[2] for line in ended.out.splitlines() if line]


async def test_app_names_are_asked_for(torpor: Torpor, api: FakeApi) -> None:
    api.apps = [app("notes"), app("news"), app("clock")]
    assert await complete(torpor, "torpor wake n", TORPOR_API=api.url) == ["notes", "news"]
    assert await complete(torpor, f"torpor wake --api {api.url} c") == ["clock"]


async def test_commands_are_completed(torpor: Torpor) -> None:
    assert await complete(torpor, "torpor wa") == ["wake"]


async def test_nobody_there_is_no_noise(torpor: Torpor) -> None:
    assert await complete(torpor, "torpor wake n", TORPOR_API="http://127.0.0.1:9") == []
