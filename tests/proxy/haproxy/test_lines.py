"""The lines of all apps, as the table has them."""

from proxy.haproxy.lines import Lines, by_map
from proxy.haproxy.maps import ADDRESSES, CHOICES, ROUTES, SEVERAL, WILDCARDS
from proxy.table import AppTable
from torpor.link import AppView
from torpor.words import Address, Phase


def test_an_app_has_its_routes_and_while_the_table_is_linked_its_address() -> None:
    table = AppTable()
    lines = Lines(table)
    routes = ("a.test", "*.b.test")
    table.change(AppView(id="app", routes=routes, phase=Phase.AWAKE, epoch=1, addresses=(Address("10.0.0.1", 80),)))
    assert [entry.map for entry in lines.of("app")] == [ROUTES, WILDCARDS]
    table.linked = True
    assert [entry.map for entry in lines.of("app")] == [ROUTES, WILDCARDS, ADDRESSES]
    assert {name: len(entries) for name, entries in by_map(lines.all().values()).items()} == {
        CHOICES: 0,
        ROUTES: 1,
        WILDCARDS: 1,
        ADDRESSES: 1,
        SEVERAL: 0,
    }
    table.change(AppView(id="app", routes=routes[:1], phase=Phase.ASLEEP, epoch=2))
    assert [entry.map for entry in lines.of("app")] == [ROUTES]
    table.remove("app")
    assert lines.of("app") == []


def test_all_who_are_found_at_one_place_have_its_lines_and_each_stands_once_in_a_map() -> None:
    table = AppTable()
    lines = Lines(table)
    for name, route in [("plain", "a.test"), ("new", "a.test [env=new]"), ("x", "b.test @1"), ("y", "b.test @1")]:
        table.change(AppView(id=name, routes=(route,), phase=Phase.ASLEEP, epoch=1))
    assert lines.of("plain") == lines.of("new")
    assert [entry.map for entry in lines.of("plain")] == [CHOICES, CHOICES, ROUTES]
    assert lines.of("x") == lines.of("y")
    assert set(lines.sharers(lines.of("x"))) == {"x", "y"}
    assert {name: len(entries) for name, entries in by_map(lines.all().values()).items() if entries} == {
        CHOICES: 3,
        ROUTES: 2,
    }
    table.remove("new")
    assert [entry.value for entry in lines.of("plain")] == ["plain"]
