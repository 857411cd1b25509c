"""The lines of all apps, as the table has them."""

from proxy.haproxy.lines import Lines, by_map
from proxy.haproxy.maps import ADDRESSES, ROUTES, SEVERAL, WILDCARDS
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
        ROUTES: 1,
        WILDCARDS: 1,
        ADDRESSES: 1,
        SEVERAL: 0,
    }
    table.change(AppView(id="app", routes=routes[:1], phase=Phase.ASLEEP, epoch=2))
    assert [entry.map for entry in lines.of("app")] == [ROUTES]
    table.remove("app")
    assert lines.of("app") == []
