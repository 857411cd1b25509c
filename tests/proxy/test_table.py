from unittest.mock import Mock

import pytest

from proxy.table import AppTable
from torpor.link import AppView
from torpor.words import Address, Phase


def view(app: str, *routes: str, phase: Phase = Phase.ASLEEP, epoch: int = 1, **more: object) -> AppView:
    members = {"id": app, "routes": routes, "phase": phase, "epoch": epoch}
    return AppView.model_validate(members | more)


def leads_to(table: AppTable, host: str = "x.localhost") -> set[str]:
    found = [table.find(host, "/") for _ in range(50)]
    return {known.view.id for known in found if known is not None}


def test_a_host_and_path_lead_to_an_app() -> None:
    table = AppTable()
    table.replace([view("a", "a.localhost"), view("b", "a.localhost/b", "*.b.localhost")])
    assert [
        table.find(*place).view.id for place in [("a.localhost", "/"), ("a.localhost", "/b/1"), ("x.b.localhost", "/")]
    ] == ["a", "b", "b"]  # type: ignore[union-attr]
    assert table.find("c.localhost", "/") is None


def test_a_changed_route_leads_elsewhere_and_the_old_one_nowhere() -> None:
    table = AppTable()
    table.change(view("a", "old.localhost"))
    table.change(view("a", "new.localhost", epoch=2))
    assert table.find("old.localhost", "/") is None
    assert table.find("new.localhost", "/") is not None


@pytest.mark.parametrize("told", [("taker", "giver"), ("giver", "taker")])
def test_a_route_that_moves_leads_on_in_whichever_order_that_is_told(told: tuple[str, str]) -> None:
    for at_once in (False, True):
        table = AppTable()
        table.replace([view("giver", "a.localhost", "b.localhost"), view("taker", "c.localhost")])
        now = {"giver": view("giver", "a.localhost", epoch=2), "taker": view("taker", "c.localhost", "b.localhost")}
        if at_once:
            table.replace([now[name] for name in told])
        else:
            for name in told:
                table.change(now[name])
        known = table.find("b.localhost", "/")
        assert known is not None
        assert known.view.id == "taker"


def test_of_two_apps_with_one_route_the_second_has_it_when_the_first_is_gone() -> None:
    table = AppTable()
    for name in ("a", "b", "c"):
        table.change(view(name, "x.localhost"))
    table.remove("b")
    table.remove("a")
    assert leads_to(table) == {"c"}
    table.remove("c")
    assert leads_to(table) == set()
    table.change(view("d", "x.localhost"))
    table.remove("d")
    assert leads_to(table) == set()


def test_those_who_share_a_route_get_it_when_the_one_who_had_it_alone_is_gone() -> None:
    table = AppTable()
    table.change(view("alone", "x.localhost"))
    for name in ("a", "b"):
        table.change(view(name, "x.localhost @1"))
    table.change(view("next", "x.localhost"))
    assert leads_to(table) == {"alone"}
    table.remove("alone")
    assert leads_to(table) == {"a", "b"}
    table.remove("a")
    assert leads_to(table) == {"b"}
    table.remove("b")
    assert leads_to(table) == {"next"}


def test_an_app_that_changes_keeps_the_routes_that_stay_though_others_wait_for_them() -> None:
    table = AppTable()
    table.change(view("a", "x.localhost"))
    table.change(view("b", "x.localhost"))
    table.change(view("a", "y.localhost", "x.localhost", epoch=2))
    assert leads_to(table) == {"a"}
    assert leads_to(table, "y.localhost") == {"a"}


def test_weights_change_one_app_after_the_other() -> None:
    table = AppTable()
    table.replace([view("a", "x.localhost"), view("b", "x.localhost @10")])
    assert leads_to(table) == {"a"}
    table.change(view("a", "x.localhost @10", epoch=2))
    assert leads_to(table) == {"a", "b"}
    table.change(view("a", "x.localhost @0", epoch=3))
    assert leads_to(table) == {"b"}


def test_headers_lead_to_another_app() -> None:
    table = AppTable()
    table.replace([view("a", "x.localhost"), view("b", "x.localhost [env=new]")])
    known = table.find("x.localhost", "/", {"env": "new"}.get)
    assert known is not None
    assert known.view.id == "b"
    assert leads_to(table) == {"a"}


def test_a_route_that_cannot_be_read_costs_that_route_and_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    table = AppTable()
    table.change(view("a", "x.localhost {tomorrow}", "y.localhost"))
    assert table.find("y.localhost", "/") is not None
    assert "a route of a leads nowhere" in caplog.text
    table.remove("a")


def test_a_snapshot_replaces_everything_and_names_what_is_gone() -> None:
    table = AppTable()
    table.replace([view("a", "a.localhost"), view("b", "b.localhost")])
    assert table.replace([view("b", "b.localhost", epoch=2)]) == ["a"]
    assert table.find("a.localhost", "/") is None
    assert len(table) == 1


def test_those_who_wait_are_told_of_another_phase_but_not_of_another_stage() -> None:
    table = AppTable()
    table.change(view("a", "a.localhost", phase=Phase.WAKING))
    known = table.get("a")
    assert known is not None
    waiter = Mock()
    known.waiters[waiter] = None
    news = known.news
    table.change(view("a", "a.localhost", phase=Phase.WAKING, epoch=2, stage="starting"))
    assert waiter.look.call_count == 0
    assert news.is_set()
    table.change(view("a", "a.localhost", phase=Phase.AWAKE, epoch=3, addresses=(Address("127.0.0.1", 1),)))
    assert waiter.look.call_count == 1


def test_ages_grow_with_the_time_since_they_were_told() -> None:
    time = [0.0]
    table = AppTable(lambda: time[0])
    table.change(view("a", "a.localhost", phase=Phase.FAILED, retry_in=5.0))
    known = table.get("a")
    assert known is not None
    assert known.retry_in(3.0) == 2.0
    assert known.retry_in(9.0) == 0.0
