from pathlib import Path

import pytest

from torpor.cli.supplied import read_again


def test_a_token_in_a_file_is_read_again_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    read = read_again(file, "the first one")
    file.write_text("the second one\n")
    assert read() == "the second one"
    file.write_text("the third one")
    assert read() == "the third one"


def test_a_token_whose_file_is_gone_or_empty_is_as_it_was(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "token"
    read = read_again(file, "the first one")
    assert read() == "the first one"
    assert "cannot be read" in caplog.text
    file.write_text("")
    assert read() == "the first one"


def test_a_token_of_the_environment_stays() -> None:
    assert read_again(None, "the only one")() == "the only one"
