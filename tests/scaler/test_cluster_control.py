"""What the API can ask while this scaler does not lead."""

import pytest

from scaler.cluster_control import ClusterControl
from scaler.errors import NoApplier, WakeFailed
from torpor.kubernetes_settings import KubernetesSettings
from torpor.words import Cause


async def test_who_does_not_lead_knows_no_apps_and_wakes_none() -> None:
    control = ClusterControl(KubernetesSettings(), lambda: None, token_required=True)

    assert control.statuses() == []
    assert (await control.savings())["apps"] == []
    with pytest.raises(KeyError):
        control.status("shop/web")
    with pytest.raises(WakeFailed, match="does not lead"):
        await control.wake("shop/web", Cause("operator"))
    with pytest.raises(KeyError):
        await control.sleep("shop/web")
    assert (await control.reload()).to_json()
    with pytest.raises(NoApplier, match="no scaler leads") as caught:
        control.applies()
    assert caught.value.passing
    info = control.info()
    assert (info["leader"], info["proxies"], info["token_required"]) == (False, 0, True)


def test_it_is_ready_when_nothing_is_missing() -> None:
    missing: list[str | None] = ["pods cannot be read: forbidden"]
    control = ClusterControl(KubernetesSettings(), lambda: missing[0], token_required=False)

    assert control.ready() == "pods cannot be read: forbidden"
    missing[0] = None
    assert control.ready() is None
