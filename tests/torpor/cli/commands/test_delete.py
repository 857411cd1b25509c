"""`torpor delete` against an API."""

from tests.torpor.cli.command import Torpor
from tests.torpor.cli.commands.test_completion import complete
from tests.torpor.cli.fake_api import FakeApi, done, told

DELETE = "DELETE /v1/sets/review/pr-1"


async def test_a_set_is_deleted_and_each_object_told(torpor: Torpor, api: FakeApi) -> None:
    left = done("other", "left", detail="torpor apply has not made it")
    api.answers[DELETE] = (200, told(pruned=[done("web", "deleted"), left]))
    ended = await torpor("delete", "review/pr-1", "--api", api.url)
    assert (ended.code, ended.out) == (
        0,
        "services web: deleted\nservices other: left (torpor apply has not made it)\n",
    )


async def test_a_dry_run_says_what_would_be(torpor: Torpor, api: FakeApi) -> None:
    api.answers[DELETE] = (200, told(dry_run=True, pruned=[done("web", "deleted")]))
    ended = await torpor("delete", "review/pr-1", "--dry-run", "--api", api.url)
    assert (ended.code, ended.out) == (0, "services web: would be deleted\n")
    assert api.asked == ["DELETE /v1/sets/review/pr-1?dry_run=1"]


async def test_a_set_that_is_not_there_is_told(torpor: Torpor, api: FakeApi) -> None:
    api.answers[DELETE] = (404, {"detail": "there is no set 'review/pr-1'; there are none"})
    ended = await torpor("delete", "review/pr-1", "--api", api.url)
    assert (ended.code, ended.err.splitlines()[-1]) == (1, "torpor: there is no set 'review/pr-1'; there are none")


async def test_a_machine_without_a_cluster_is_told_so(torpor: Torpor, api: FakeApi) -> None:
    api.answers[DELETE] = (501, {"detail": "This Torpor runs the apps of torpor.yaml"})
    ended = await torpor("delete", "review/pr-1", "--api", api.url)
    assert (ended.code, ended.err.splitlines()[-1]) == (1, "torpor: This Torpor runs the apps of torpor.yaml")


async def test_names_of_sets_are_completed(torpor: Torpor, api: FakeApi) -> None:
    api.answers["GET /v1/sets"] = (200, {"sets": [{"id": "review/pr-1"}, {"id": "review/pr-2"}, {"id": "other/x"}]})
    assert await complete(torpor, "torpor delete rev", TORPOR_API=api.url) == ["review/pr-1", "review/pr-2"]
