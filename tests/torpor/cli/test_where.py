"""Where the running Torpor is looked for."""

import asyncio
from pathlib import Path

import pytest

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi
from tests.torpor.cli.fake_api_server import FakeApiServer
from torpor.cli.where import DEFAULT_API, Asked, Where, Within, find_api


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


async def test_what_says_where_goes_before_a_cluster(
    torpor: Torpor, api: FakeApi, api_server: FakeApiServer, tmp_path: Path
) -> None:
    torpor.env["KUBECONFIG"] = api_server.kubeconfig()
    assert (await torpor("apps", TORPOR_API=api.url)).code == 0
    (tmp_path / "torpor.yaml").write_text(f"api: {api.url.removeprefix('http://')}\n")
    assert (await torpor("apps")).code == 0
    assert (len(api.asked), api_server.asked) == (2, [])
    assert (await torpor("apps", "--kubernetes", TORPOR_API=api.url)).code == 0
    assert (len(api.asked), len(api_server.asked)) == (2, 1)


async def test_an_address_and_a_cluster_at_once_are_wrong_usage(torpor: Torpor) -> None:
    ended = await torpor("apps", "--api", "http://127.0.0.1:9", "--context", "x")
    assert ended.code == 2
    assert "give one or the other" in ended.err


@pytest.mark.parametrize("service", ["torpor", "a/b/c", "a/../b", "A/b", "a/b:80", "a/-b", "/", ""])
async def test_a_service_that_is_none_is_wrong_usage(torpor: Torpor, service: str) -> None:
    ended = await torpor("apps", "--service", service)
    assert ended.code == 2
    assert "allowed is NAMESPACE/NAME" in ended.err


async def test_a_kubeconfig_that_is_named_and_not_there_is_told(torpor: Torpor, tmp_path: Path) -> None:
    assert "nothing answers at http://127.0.0.1:8081" in (await torpor("apps", KUBECONFIG=str(tmp_path / "no"))).err
    ended = await torpor("apps", "--kubernetes", KUBECONFIG=str(tmp_path / "no"))
    assert (ended.code, ended.err) == (1, f"torpor: there is no kubeconfig at {tmp_path / 'no'}\n")


def test_a_torpor_of_this_machine_goes_before_the_cluster_of_the_kubeconfig(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("TORPOR_API", "TORPOR_SERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TORPOR_TOKEN", "a-token")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    assert find_api(Asked(), lambda where: False) == Where(DEFAULT_API, "a-token")
    (tmp_path / "kubeconfig").touch()
    here = find_api(Asked(), lambda where: True)
    assert here == Where(
        DEFAULT_API, "a-token", f"{DEFAULT_API} was asked; --kubernetes asks the cluster of the kubeconfig"
    )
    there = find_api(Asked(), lambda where: False)
    assert isinstance(there, Within)
    assert there[:3] == (None, "torpor/torpor-scaler", "a-token")
    assert there.hint


def test_a_file_whose_apps_are_a_cluster_s_leads_there_unless_its_scaler_is_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TORPOR_API", raising=False)
    monkeypatch.delenv("TORPOR_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "torpor.yaml").write_text("api: 0.0.0.0:8082\ntoken: a-token-of-the-file\nkubernetes: {}\n")
    there = find_api(Asked(), lambda where: False)
    assert isinstance(there, Within)
    assert there.token == "a-token-of-the-file"
    assert find_api(Asked(), lambda where: True)[:2] == ("http://127.0.0.1:8082", "a-token-of-the-file")


async def test_only_what_says_that_it_is_torpor_counts_as_one(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    from torpor.cli.reach import is_torpor

    monkeypatch.setattr("torpor.cli.reach.PROBE", 30.0)
    assert not await asyncio.to_thread(is_torpor, Where(api.url, ""))
    api.answers["GET /v1/info"] = (200, {"version": "1", "token_required": False})
    assert await asyncio.to_thread(is_torpor, Where(api.url, ""))
    assert not await asyncio.to_thread(is_torpor, Where("http://127.0.0.1:9", ""))


async def test_a_reload_is_for_this_machine_alone(torpor: Torpor, api_server: FakeApiServer) -> None:
    ended = await torpor("reload", KUBECONFIG=api_server.kubeconfig())
    assert "nothing answers at http://127.0.0.1:8081" in ended.err
    assert api_server.asked == []
