"""What the scaler has lived through, told where somebody has to do something."""

from torpor.cli.findings import Grade
from torpor.cli.kubernetes.seen import MOST, findings


def test_apps_that_are_well_are_not_told() -> None:
    assert findings([{"id": "shop/web", "phase": "asleep", "reverts": 0}, {"id": "shop/db"}, {}]) == []


def test_sleeps_that_somebody_undoes_are_wrong_and_come_first() -> None:
    failed = {"id": "shop/a", "phase": "failed", "reason": "ErrImagePull"}
    found = findings([failed, {"id": "shop/web", "phase": "awake", "reverts": 3}])
    assert [(one.grade, one.about) for one in found] == [(Grade.WRONG, ("shop/web",)), (Grade.NOTE, ("shop/a",))]
    assert "GitOps" in found[0].fix


def test_wakes_that_failed_for_one_reason_are_one_finding() -> None:
    [found] = findings({"id": f"shop/a{number}", "phase": "failed", "reason": "quota"} for number in range(500))
    assert found.text == "the last wake failed: quota"
    assert len(found.about) == 500


def test_however_many_reasons_there_are_a_few_are_told() -> None:
    found = findings({"id": f"shop/a{number}", "phase": "failed", "reason": str(number)} for number in range(500))
    assert len(found) == MOST + 1
    assert found[-1].text.endswith("and 485 more")
