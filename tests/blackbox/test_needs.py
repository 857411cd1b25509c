"""What an app needs is woken before it and put to sleep after it."""

from pathlib import Path

from tests.blackbox.torpor_up import Up, answering, starts


def test_the_needed_app_is_woken_first_and_sleeps_last(up: Up, tmp_path: Path) -> None:
    log = tmp_path / "starts"
    torpor = up(
        {
            "apps": {
                "shop": answering("shop", STARTS=log, needs=["stock"]),
                "stock": answering("stock", STARTS=log, START_DELAY=0.5),
            }
        }
    )
    shop = torpor.visit("shop").json()
    stock = torpor.visit("stock").json()
    assert [start["app"] for start in starts(log)] == ["stock", "shop"]
    assert stock["listening_at"] <= starts(log)[1]["at"]
    assert shop["listening_at"] > stock["listening_at"]

    refused = torpor.rest("POST", "/v1/apps/stock/sleep")
    assert refused.status == 409
    assert "shop" in refused.json()["detail"]
    assert torpor.phase("stock") == "awake"

    torpor.sleep("shop")
    torpor.sleep("stock")


def test_a_needed_app_without_visits_stays_awake_as_long_as_it_is_needed(up: Up) -> None:
    shop = answering("shop", needs=["stock"], idle_timeout="1h")
    stock = {**answering("stock", idle_timeout="500ms"), "hosts": []}
    probe = answering("probe", idle_timeout="500ms")
    torpor = up({"apps": {"shop": shop, "stock": stock, "probe": probe}})
    torpor.visit("shop")
    torpor.visit("probe")
    torpor.wait_phase("probe", "asleep")  # as much time as another app with this timeout takes
    assert torpor.phase("stock") == "awake"
    torpor.sleep("shop")
    torpor.wait_phase("stock", "asleep")


def test_a_needed_app_that_fails_is_named_to_the_visitor(up: Up, tmp_path: Path) -> None:
    missing = tmp_path / "missing"
    torpor = up({"apps": {"shop": answering("shop", needs=["stock"]), "stock": answering("stock", NEEDS_FILE=missing)}})
    reply = torpor.visit("shop")
    assert reply.status == 502
    assert "stock" in reply.json()["detail"]
    assert "is missing" in reply.json()["detail"]
