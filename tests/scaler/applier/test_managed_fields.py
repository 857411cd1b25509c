"""Whose fields are whose, as the API server writes it."""

import pytest

from scaler.applier.managed_fields import applied_by_us, owns

OURS = {
    "manager": "torpor-apply",
    "operation": "Apply",
    "fieldsType": "FieldsV1",
    "fieldsV1": {"f:metadata": {"f:labels": {"f:torpor.dev/managed": {}}}, "f:spec": {"f:replicas": {}}},
}


def test_a_field_that_we_have_applied_is_ours() -> None:
    meta = {"managedFields": [{"manager": "kubectl", "operation": "Update"}, OURS]}
    assert applied_by_us(meta)
    assert owns(meta, "spec", "replicas")
    assert owns(meta, "metadata", "labels", "torpor.dev/managed")
    assert not owns(meta, "spec", "template")


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"managedFields": None},
        {"managedFields": [None, 1]},
        {"managedFields": [OURS | {"operation": "Update"}]},
        {"managedFields": [OURS | {"manager": "torpor"}]},
        {"managedFields": [OURS | {"subresource": "scale"}]},
    ],
)
def test_anything_else_is_not(meta: dict[str, object]) -> None:
    assert not applied_by_us(meta)
    assert not owns(meta, "spec", "replicas")
