"""A torpor.yaml that cannot be used: exit code 2, the file, the line, and what is allowed."""

from pathlib import Path

import pytest

from tests.blackbox.torpor_up import command

MISTAKES = {
    "an unknown setting": ("lisen: 127.0.0.1:0\n", 1, "lisen", "listen"),
    "an unknown setting of an app": (
        "apps:\n  a:\n    command: [x]\n    idle_time: 5s\n",
        4,
        "idle_time",
        "idle_timeout",
    ),
    "two apps on one host": (
        "apps:\n  a:\n    hosts: [x.localhost]\n    command: [x]\n  b:\n    hosts: [x.localhost]\n    command: [x]\n",
        6,
        "x.localhost",
        "'a'",
    ),
    "a cycle in needs": (
        "apps:\n  a:\n    command: [x]\n    needs: [b]\n  b:\n    command: [x]\n    needs: [a]\n",
        4,
        "cycle",
        "a → b → a",
    ),
    "a bad duration": ("idle_timeout: five\n", 1, "five", "5m"),
    "a command that is no list": ("apps:\n  a:\n    command: run me\n", 3, "run me", "list"),
    "an app twice": ("apps:\n  a:\n    command: [x]\n  a:\n    command: [x]\n", 4, "'a'", "line 2"),
    "no yaml": ("apps: [\n", 1, "", ""),
}


@pytest.mark.parametrize(("text", "line", "named", "allowed"), MISTAKES.values(), ids=MISTAKES)
def test_up_says_where_it_is_and_what_is_allowed(
    tmp_path: Path, text: str, line: int, named: str, allowed: str
) -> None:
    file = tmp_path / "torpor.yaml"
    file.write_text(text)
    done = command("up", "-f", str(file), cwd=tmp_path)
    assert done.returncode == 2, done
    assert f"{file}:{line}:" in done.stderr
    assert named in done.stderr
    assert allowed in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    done = command("up", cwd=tmp_path)
    assert done.returncode == 2
    assert "torpor.yaml" in done.stderr
