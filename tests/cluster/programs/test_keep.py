"""What takes minutes is made once, and counts only when it is whole."""

import threading
from pathlib import Path

import pytest

from tests.cluster.programs.keep import KEPT, kept, key


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TORPOR_CI_CACHE", str(tmp_path))
    return tmp_path / "cluster"


def fill(place: Path) -> None:
    (place / "made").write_text(place.name)


def test_it_is_made_once_however_many_ask() -> None:
    made: list[Path] = []

    def slowly(place: Path) -> None:
        made.append(place)
        asking.wait(10)

    asking = threading.Event()
    several = [threading.Thread(target=kept, args=("thing", "pins", slowly)) for _ in range(3)]
    for one in several:
        one.start()
    asking.set()
    for one in several:
        one.join(10)

    assert len(made) == 1


def test_a_making_that_fails_leaves_nothing_that_counts(cache: Path) -> None:
    def fails(place: Path) -> None:
        fill(place)
        raise RuntimeError("cut off")

    with pytest.raises(RuntimeError, match="cut off"):
        kept("thing", "pins", fails)
    assert not (cache / "thing-pins").exists()

    place = kept("thing", "pins", fill)
    assert [file.name for file in cache.iterdir() if file.is_dir()] == [place.name]


def test_only_some_makings_are_kept(cache: Path) -> None:
    for number in range(KEPT + 2):
        kept("thing", f"pins{number}", fill)

    assert len([file for file in cache.iterdir() if file.is_dir()]) == KEPT


def test_a_key_tells_where_one_part_ends_and_the_next_begins() -> None:
    assert key(["ab", "c"]) != key(["a", "bc"])


def test_the_pins_name_no_place_to_get_them_from() -> None:
    for pins in ("go.mod", "go.sum"):
        assert "://" not in (Path(__file__).parent / pins).read_text()
