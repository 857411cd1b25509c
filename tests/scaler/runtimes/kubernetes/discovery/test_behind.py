from scaler.runtimes.kubernetes.discovery.behind import shared
from scaler.runtimes.kubernetes.discovery.doors import Lead
from torpor.routes import parse_route

WAY = parse_route("h.example")


def test_the_one_app_behind_a_service_gets_all_visits() -> None:
    assert shared(Lead(WAY, 80), {"shop/a": 3}, "shop/a") == Lead(WAY, 80)
    assert shared(Lead(WAY, 80, 7), {"shop/a": 3}, "shop/a") == Lead(WAY, 80, 7)


def test_several_share_them_by_their_replicas() -> None:
    apps = {"shop/a": 3, "shop/b": 1}
    assert [shared(Lead(WAY, 80), apps, app).weight for app in apps] == [3, 1]


def test_a_weight_of_the_route_is_divided_and_nobody_is_left_without() -> None:
    apps = {"shop/a": 99, "shop/b": 1}
    assert [shared(Lead(WAY, 80, 50), apps, app).weight for app in apps] == [50, 1]
