"""Programs that others wrote; a test whose program is missing fails and says how to get it."""

import shutil

import pytest

from tests.blackbox.torpor_up import ROOT


def known_app(name: str) -> str:
    """The path of a third-party app's program."""
    found = ROOT / ".cache" / "apps" / "bin" / name
    if not found.exists():
        pytest.fail(f"{name} is not in .cache/apps: run `make test`, which puts it there")
    return str(found)


def program(name: str) -> str:
    """The path of a program that Debian has."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed; on Debian: apt-get install {name}")
    return found
