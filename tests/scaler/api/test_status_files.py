"""The status page's files."""

from pathlib import Path

import aiohttp
import pytest

from scaler.api import status_files

PAGE = Path(status_files.__file__).parent / "status_page"


async def test_the_page_and_all_that_it_is_made_of_are_served(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(f"{url}/") as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert await answer.read() == (PAGE / "index.html").read_bytes()
    for file in PAGE.iterdir():
        async with client.get(f"{url}/static/{file.name}") as answer:
            assert answer.status == 200, file.name
            assert await answer.read() == file.read_bytes()
            assert answer.headers["Content-Type"].partition(";")[0] in (
                *("text/html", "text/css"),
                *("text/javascript", "image/svg+xml"),
            )


async def test_an_unchanged_file_is_not_sent_again(client: aiohttp.ClientSession, url: str) -> None:
    async with client.get(f"{url}/") as first:
        tag = first.headers["ETag"]
        assert first.headers["Cache-Control"] == "no-cache"
    async with client.get(f"{url}/", headers={"If-None-Match": tag}) as second:
        assert second.status == 304
        assert await second.read() == b""


@pytest.mark.parametrize("name", ["nothing.css", "..%2fguard.py", "%2e%2e/guard.py", "..", "index.html%00", "a/b"])
async def test_nothing_else_is_served(client: aiohttp.ClientSession, url: str, name: str) -> None:
    from yarl import URL

    async with client.get(URL(f"{url}/static/{name}", encoded=True)) as answer:
        assert answer.status == 404
        assert answer.content_type == "application/problem+json"


def test_files_of_other_kinds_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret.py").write_text("token = 1")
    (tmp_path / "page.html").write_text("<p>")
    (tmp_path / "deeper.html").mkdir()
    assert set(status_files.StatusFiles(tmp_path)._files) == {"page.html"}
    assert status_files.StatusFiles(tmp_path / "missing")._files == {}
