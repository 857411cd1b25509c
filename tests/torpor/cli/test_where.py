"""Where the running Torpor is looked for."""

from pathlib import Path

import pytest

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi


async def test_the_api_of_the_file_here_is_asked_with_its_token(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    address = api.url.removeprefix("http://").replace("127.0.0.1", "0.0.0.0")
    (tmp_path / "torpor.yaml").write_text(f"api: {address}\ntoken: a-token-of-the-file\n")
    assert (await torpor("apps")).code == 0
    assert api.tokens == ["Bearer a-token-of-the-file"]


async def test_the_environment_goes_before_the_file_and_the_option_before_it(
    torpor: Torpor, api: FakeApi, tmp_path: Path
) -> None:
    (tmp_path / "torpor.yaml").write_text("api: 127.0.0.1:9\ntoken: a-token-of-the-file\n")
    assert (await torpor("apps", TORPOR_API=api.url, TORPOR_TOKEN="a-token-of-my-own")).code == 0
    assert (await torpor("apps", "--api", api.url, TORPOR_API="http://127.0.0.1:9")).code == 0
    assert api.tokens == ["Bearer a-token-of-my-own", ""]


async def test_a_file_in_disorder_is_not_in_the_way(torpor: Torpor, tmp_path: Path) -> None:
    (tmp_path / "torpor.yaml").write_text("api: [not, yaml")
    assert "nothing answers at http://127.0.0.1:8081" in (await torpor("apps")).err


async def test_a_token_that_is_refused_is_told_with_where_it_comes_from(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/apps"] = (401, {"detail": "a token is needed"})
    ended = await torpor("apps", "--api", api.url)
    assert (ended.code, ended.err) == (1, "torpor: a token is needed; the token is taken from TORPOR_TOKEN\n")


@pytest.mark.parametrize(
    "url", ["ftp://x", "http://", "http://x:99999", "http://me:secret@x/", "http://x?y", "http://[x"]
)
async def test_a_url_that_is_none_is_wrong_usage(torpor: Torpor, url: str) -> None:
    ended = await torpor("apps", "--api", url)
    assert ended.code == 2
    assert "secret" not in ended.err
    assert "Traceback" not in ended.err


async def test_a_base_path_is_kept(torpor: Torpor, api: FakeApi) -> None:
    await torpor("apps", "--api", f"{api.url}/torpor/")
    assert api.asked == ["GET /torpor/v1/apps"]
