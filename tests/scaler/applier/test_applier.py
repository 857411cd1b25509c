"""Orders carried out, from manifests to reports; what a real API server makes of them is for tests/cluster/applier."""

import asyncio
import threading
import time
from pathlib import Path

import pytest

from scaler.applier import applier
from scaler.applier.errors import NoSuchSet, NotAllowed
from scaler.applier.manifests import Manifest, read_manifests
from scaler.applier.report import Outcome, Report
from scaler.runtimes.kubernetes.api import kinds
from tests.scaler.applier.conftest import CONFIG_MAPS, applying, config_map
from torpor.yamlfile import YamlError

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def outcomes(report: Report) -> dict[str, str]:
    return {f"{one.kind} {one.name}": str(one.outcome) for one in (*report.objects, *report.pruned)}


async def test_a_set_is_created_then_unchanged_then_pruned_then_deleted(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        first = f"{config_map('one')}---\n{config_map('two')}"
        assert outcomes(await house.apply(first)) == {"configmaps one": "created", "configmaps two": "created"}
        assert house.said == ["created configmaps one", "created configmaps two"]
        assert outcomes(await house.apply(first)) == {"configmaps one": "unchanged", "configmaps two": "unchanged"}

        report = await house.apply(config_map("two"))

        assert (report.failure, outcomes(report)) == ("", {"configmaps two": "unchanged", "configmaps one": "deleted"})
        assert not house.has(CONFIG_MAPS, "one")
        assert outcomes(await house.delete("pr-1")) == {"configmaps two": "deleted"}
        with pytest.raises(NoSuchSet, match="there is no set 'shop/pr-1'; there are none"):
            await house.delete("shop/pr-1")


async def test_a_dry_run_shows_and_changes_nothing(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        house.put(CONFIG_MAPS, "old", **{"torpor.dev_set": "pr-1"})
        report = await house.apply(config_map("one"), dry_run=True)
        assert outcomes(report) == {"configmaps one": "created", "configmaps old": "deleted"}
        assert "+  a: b" in report.objects[0].diff
        assert outcomes(await house.delete("pr-1", dry_run=True)) == {"configmaps old": "deleted"}
        assert house.has(CONFIG_MAPS, "old")
        assert not house.has(CONFIG_MAPS, "one")


async def test_only_what_has_the_label_and_our_manager_is_pruned(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        house.put(CONFIG_MAPS, "theirs", owner="kubectl", **{"torpor.dev_set": "pr-1"})
        house.put(CONFIG_MAPS, "another", **{"torpor.dev_set": "pr-2"})
        house.put(CONFIG_MAPS, "nobodys")
        report = await house.apply(config_map("one"))
        assert outcomes(report) == {"configmaps one": "created", "configmaps theirs": "left"}
        assert all(house.has(CONFIG_MAPS, name) for name in ("theirs", "another", "nobodys"))


async def test_an_object_of_another_set_is_a_conflict_unless_it_is_forced(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        await house.apply(config_map("one"), set="pr-2")
        report = await house.apply(config_map("one"))
        (done,) = report.objects
        assert done.outcome is Outcome.CONFLICT
        assert done.conflicts == ((".metadata.labels.torpor.dev/set", "the set pr-2"),)
        assert "nothing was applied: conflict configmaps one" in report.failure
        assert (await house.apply(config_map("one"), force_conflicts=True)).failure == ""


async def test_what_the_server_refuses_is_found_before_anything_is_done(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        house.server.refusals["PATCH", CONFIG_MAPS.path("shop", "two")] = 422, "no such thing"
        report = await house.apply(f"{config_map('one')}---\n{config_map('two')}")
        assert outcomes(report) == {"configmaps one": "not applied", "configmaps two": "refused"}
        assert "nothing was applied: refused configmaps two: no such thing (document 2, line 8)" in report.failure
        assert not house.has(CONFIG_MAPS, "one")


async def test_while_it_is_not_certain_who_leads_it_is_put_off_and_no_more_is_asked(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        house.applier._cluster = house.applier._cluster.fenced(lambda: False)
        report = await house.apply(f"{config_map('one')}---\n{config_map('two')}")
        assert outcomes(report) == {"configmaps one": "put off", "configmaps two": "not applied"}
        assert (
            "nothing was applied: put off configmaps one: nothing is written, for it is not certain" in report.failure
        )
        house.put(CONFIG_MAPS, "one", **{"torpor.dev_set": "pr-1"})
        assert outcomes(await house.delete("pr-1")) == {"configmaps one": "put off"}


async def test_a_failure_in_the_middle_says_what_was_applied_and_what_was_not(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        house.put(CONFIG_MAPS, "old", **{"torpor.dev_set": "pr-1"})
        text = "---\n".join(config_map(name) for name in ("one", "two", "three"))

        def refuse_the_second(said: str) -> None:
            house.said.append(said)
            house.server.refusals["PATCH", CONFIG_MAPS.path("shop", "two")] = 403, "exceeded quota"

        from scaler.applier.order import Order

        report = (await house.applier.apply(Order(text, set="pr-1"), refuse_the_second)).report
        assert outcomes(report) == {
            "configmaps one": "created",
            "configmaps two": "refused",
            "configmaps three": "not applied",
        }
        assert "exceeded quota" in report.failure
        assert "1 applied before it, 1 not applied" in report.failure
        assert house.has(CONFIG_MAPS, "old"), "nothing is pruned then"

        house.server.refusals.clear()
        assert (await house.apply(text)).failure == "", "the same again does the rest"


async def test_two_at_once_come_to_the_same(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        text = "---\n".join(config_map(name) for name in ("one", "two"))
        reports = await asyncio.gather(*(house.apply(text) for _ in range(3)))
        assert [report.failure for report in reports] == [""] * 3
        assert sorted(str(report.objects[0].outcome) for report in reports) == ["created", "unchanged", "unchanged"]


async def test_manifests_are_read_one_at_a_time_and_beside_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside: list[int] = []
    seen: list[tuple[int, bool]] = []

    def read(text: str) -> list[Manifest]:
        inside.append(0)
        time.sleep(0.02)
        seen.append((len(inside), threading.get_ident() == here))
        inside.pop()
        return read_manifests(text)

    here = threading.get_ident()
    monkeypatch.setattr(applier, "read_manifests", read)
    async with applying(tmp_path) as house:
        await asyncio.gather(*(house.apply(config_map("one"), set=f"pr-{number}") for number in range(3)))
    assert seen == [(1, False)] * 3


async def test_kinds_and_namespaces_that_are_not_allowed_are_not_applied(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        with pytest.raises(YamlError) as caught:
            await house.apply(f"{config_map('one')}---\napiVersion: v1\nkind: Pod\nmetadata: {{name: x}}\n")
        (mistake,) = caught.value.mistakes
        assert str(mistake).startswith("document 2, line 9: pods may not be applied; kubernetes.apply.kinds allows")
        with pytest.raises(YamlError, match="the cluster has no Nothing of v1"):
            await house.apply("apiVersion: v1\nkind: Nothing\nmetadata: {name: x}\n")
        with pytest.raises(YamlError, match="the cluster has no Namespace of v1 in its namespaces"):
            await house.apply("apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
        with pytest.raises(NotAllowed, match="may be applied in the namespace 'kube-system'"):
            await house.apply(config_map("one"), namespace="kube-system")
        with pytest.raises(NotAllowed, match="may be deleted in the namespace 'kube-system'"):
            await house.delete("kube-system/pr-1")


async def test_without_an_allowed_namespace_nothing_may_be_applied(tmp_path: Path) -> None:
    async with applying(tmp_path, namespaces=()) as house:
        with pytest.raises(NotAllowed, match=r"kubernetes\.apply\.namespaces"):
            await house.apply(config_map("one"))
        with pytest.raises(NotAllowed, match=r"kubernetes\.apply\.namespaces"):
            await house.delete("pr-1")


async def test_sets_are_listed_as_last_seen(tmp_path: Path) -> None:
    async with applying(tmp_path) as house:
        await house.apply(f"{SERVICE}---\n{config_map('one')}")
        await house.realm.until(house.applier.sets)
        (found,) = house.applier.sets()
        assert found.to_json() == {
            "id": "shop/pr-1",
            "objects": ["configmaps/one", "services/web"],
            "apps": [],
            "expires_at": None,
        }
        assert house.has(kinds.SERVICES, "web")
