"""`torpor apply` against an API."""

import json
from pathlib import Path

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.fake_api import FakeApi, done, told
from torpor.cli.deploying import TRIES

APPLY = "POST /v1/apply"
TEXT = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def given(tmp_path: Path) -> str:
    file = tmp_path / "review.yaml"
    file.write_text(TEXT)
    return str(file)


async def test_the_manifests_go_there_and_each_object_is_told(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    asleep = {"app": "review/web", "done": True, "asleep": True, "detail": "asleep"}
    objects = [done("web", "created"), done("old", "unchanged")]
    api.answers[APPLY] = (200, told("created services web", objects=objects, apps=[asleep]))
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "pr-1", "--api", api.url, TORPOR_TOKEN="a token")
    assert (ended.code, ended.out) == (
        0,
        "services web: created\nservices old: unchanged\nreview/web: asleep\n",
    ), ended.err
    assert ended.err == "applying pr-1\ncreated services web\n"
    assert api.asked == ["POST /v1/apply?set=pr-1&wait=300"]
    assert (api.bodies, api.tokens) == ([TEXT], ["Bearer a token"])


async def test_what_is_asked_for_is_passed_on(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    api.answers[APPLY] = (200, told(dry_run=True, objects=[done("web", "changed", diff="--- now\n+++ then\n+a: b\n")]))
    ended = await torpor(
        *("apply", "-f", given(tmp_path), "-n", "review", "--dry-run", "--force-conflicts", "--wake", "--no-wait"),
        *("--api", api.url),
    )
    assert ended.out == "services web: would be changed\n--- now\n+++ then\n+a: b\n"
    assert api.asked == ["POST /v1/apply?namespace=review&dry_run=1&force_conflicts=1&wake=1"]


async def test_a_failure_is_its_end_with_the_reason(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    api.answers[APPLY] = (200, told("created services web", failure="refused services b: no; 1 applied before it"))
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--api", api.url)
    assert (ended.code, ended.out) == (1, "")
    assert ended.err.splitlines()[1:] == ["created services web", "torpor: refused services b: no; 1 applied before it"]


async def test_mistakes_come_with_their_document_and_line(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    api.answers[APPLY] = (422, {"detail": "document 2, line 9: no\ndocument 3, line 1: no"})
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--api", api.url)
    assert ended.code == 1
    assert "torpor: document 2, line 9: no\ndocument 3, line 1: no\n" in ended.err


async def test_a_connection_that_is_lost_is_no_success(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    api.answers[APPLY] = (200, told("created services web"))
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--api", api.url)
    assert ended.code == 1
    assert "the connection was lost before the end" in ended.err


async def test_where_nothing_was_done_yet_it_is_tried_again_a_few_times(
    torpor: Torpor, api: FakeApi, tmp_path: Path
) -> None:
    api.answers[APPLY] = (200, told(objects=[done("web", "created")]))
    api.full = 2
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--api", api.url)
    assert (ended.code, ended.out) == (0, "services web: created\n")
    assert ended.err == "applying x\nToo much is under way; once more in 0s\n"
    assert api.bodies == [TEXT] * 3
    api.full = 1_000
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--api", api.url)
    assert (ended.code, ended.err.splitlines()[-1]) == (1, "torpor: Too much is under way.")
    assert len(api.bodies) == 3 + TRIES


async def test_a_report_that_is_none_is_told(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    api.answers[APPLY] = (200, told(objects=[{"kind": 1}]))
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--api", api.url)
    assert ended.code == 1
    assert "is not Torpor's API" in ended.err
    assert "Traceback" not in ended.err


async def test_json_is_the_report_and_nothing_else(torpor: Torpor, api: FakeApi, tmp_path: Path) -> None:
    api.answers[APPLY] = (200, told("a line", objects=[done("web", "created")]))
    ended = await torpor("apply", "-f", given(tmp_path), "--set", "x", "--json", "--api", api.url)
    assert json.loads(ended.out)["objects"] == [done("web", "created")]
    assert ended.err == ""


async def test_a_file_that_is_not_there_is_a_wrong_use(torpor: Torpor, api: FakeApi) -> None:
    ended = await torpor("apply", "-f", "nothing.yaml", "--api", api.url)
    assert ended.code == 2
    assert "nothing.yaml" in ended.err
    assert api.asked == []
