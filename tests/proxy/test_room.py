"""How many visitors' connections there is room for."""

import logging
import resource

import pytest

from proxy.room import room


@pytest.mark.parametrize(
    ("files", "wanted", "there_is"),
    [
        (1024, None, 412),
        (20_000, None, 9_900),
        (1_000_000, None, 10_000),
        (resource.RLIM_INFINITY, None, 10_000),
        (20_000, 50, 50),
        (1_000_000, 30_000, 30_000),
        (resource.RLIM_INFINITY, 30_000, 30_000),
        (256, None, 100),
    ],
)
def test_there_is_room_for_what_is_wanted_and_for_what_open_files_allow(
    files: int, wanted: int | None, there_is: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (files, files))
    assert room(wanted, most=10_000, each=2) == there_is


def test_it_is_said_when_there_cannot_be_as_many_as_wanted(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    with caplog.at_level(logging.WARNING):
        assert room(5000, most=10_000, each=2) == 412
    assert "5000 connections are wanted, but 1024 open files allow only 412" in caplog.text
