"""What contenders have in common."""

import sys
from pathlib import Path

import pytest

from bench.contenders.contender import Backends, lacks, running, version_of, wait_listening
from bench.pinning import Cores
from tests.ports import own_port

ANYWHERE = Cores((), ())
NOBODY = Backends(("127.0.0.1", 1), ("127.0.0.1", 1), ())


def test_a_missing_program_is_named_with_its_package() -> None:
    assert lacks("no-such-program", "some-package") == (
        "no-such-program is not installed (Debian: apt-get install some-package)"
    )
    assert not lacks(sys.executable, "python3")


def test_a_version_is_the_first_number_that_looks_like_one() -> None:
    assert version_of(sys.executable, "-V") == ".".join(map(str, sys.version_info[:3]))
    assert not version_of("no-such-program", "-v")


def test_a_contender_that_does_not_start_is_told_with_its_words() -> None:
    def command(file: Path) -> tuple[str, ...]:
        return (sys.executable, "-c", "raise SystemExit('no such option')")

    with (
        pytest.raises(RuntimeError, match="no such option"),
        running(lambda *_: "", command, NOBODY, ANYWHERE),
    ):
        pass


def test_nobody_listens() -> None:
    with pytest.raises(RuntimeError, match=r"nothing listens on 127\.0\.0\.1:"):
        wait_listening(("127.0.0.1", own_port()), lambda: False, str)
