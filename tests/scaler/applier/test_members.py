"""What is of a set, and what of it is ours."""

from typing import Any

import pytest

from scaler.applier.members import read_member
from scaler.runtimes.kubernetes.api.kinds import SERVICES

APPLIED = [{"manager": "torpor-apply", "operation": "Apply", "fieldsV1": {}}]


def meta(**more: Any) -> dict[str, Any]:
    found = {"name": "web", "namespace": "review", "labels": {"torpor.dev/set": "pr-1"}, "managedFields": APPLIED}
    return {"metadata": found | more}


def test_it_is_read() -> None:
    annotations = {"torpor.dev/expires-in": "72h", "torpor.dev/applied-at": "1970-01-01T00:01:00Z"}
    found = read_member(SERVICES, meta(uid="u", resourceVersion="7", annotations=annotations))
    assert found is not None
    assert (str(found.set), found.name, found.uid, found.version) == ("review/pr-1", "web", "u", "7")
    assert (found.ours, found.deleting, found.expires_in, found.applied_at) == (True, False, 72 * 3600.0, 60.0)
    assert str(found.ref) == "Service review/web"


def test_what_we_have_not_applied_is_not_ours_nor_what_a_controller_makes() -> None:
    for more in ({"managedFields": []}, {"ownerReferences": [{"controller": True}]}):
        found = read_member(SERVICES, meta(**more))
        assert found is not None
        assert not found.ours


@pytest.mark.parametrize(
    "source", [{}, None, meta(labels={}), meta(labels={"torpor.dev/set": "A B"}), meta(namespace="")]
)
def test_what_has_no_such_label_is_of_no_set(source: object) -> None:
    assert read_member(SERVICES, source) is None


def test_marks_that_make_no_sense_are_none() -> None:
    for period, at in (("soon", "now"), ("0s", ""), ("", "9999-12-31T23:59:59Z"), ("1" * 100, "0001-01-01T00:00:00Z")):
        bad = {"torpor.dev/expires-in": period, "torpor.dev/applied-at": at}
        found = read_member(SERVICES, meta(annotations=bad))
        assert found is not None
        assert (found.expires_in, found.applied_at) == (None, None)
