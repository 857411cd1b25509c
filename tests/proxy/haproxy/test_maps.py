"""The lines of the maps, and the order in which they change."""

from proxy.haproxy.maps import (
    ADDRESSES,
    ROUTES,
    SEVERAL,
    WILDCARDS,
    Entry,
    address_entries,
    commands,
    key_of,
    route_entry,
)
from torpor.link import AppView, Policy
from torpor.routes import parse_route
from torpor.words import Address, Phase, Visitor

ONE, TWO = Address("10.0.0.1", 80), Address("2001:db8::1", 8080)


def view(phase: Phase = Phase.AWAKE, *addresses: Address, **more: object) -> AppView:
    return AppView.model_validate({"id": "shop/web", "phase": phase, "epoch": 1, "addresses": addresses, **more})


def test_a_route_is_a_key_that_ends_with_a_slash_so_that_only_whole_segments_match() -> None:
    assert route_entry(view(), parse_route("a.test")) == Entry(ROUTES, "a.test/", "shop/web")
    assert route_entry(view(), parse_route("a.test/docs/")) == Entry(ROUTES, "a.test/docs/", "shop/web")
    assert route_entry(view(), parse_route("*.a.test/x")) == Entry(WILDCARDS, "a.test/x/", "shop/web")


def test_a_route_says_whose_visits_count() -> None:
    app = view(policy=Policy(wake_for=(Visitor.MONITOR, Visitor.PERSON)))
    assert route_entry(app, parse_route("a.test")).value == "|pm|shop/web"


def test_only_awake_apps_have_an_address() -> None:
    assert address_entries(view(Phase.AWAKE, ONE)) == [Entry(ADDRESSES, "shop/web", "10.0.0.1|80")]
    for phase in (Phase.ASLEEP, Phase.WAKING, Phase.DRAINING, Phase.FAILED):
        assert address_entries(view(phase, ONE)) == []


def test_several_addresses_have_a_line_each_and_the_app_says_how_many() -> None:
    assert address_entries(view(Phase.AWAKE, ONE, TWO)) == [
        Entry(ADDRESSES, "shop/web=0", "10.0.0.1|80"),
        Entry(ADDRESSES, "shop/web=1", "2001:db8::1|8080"),
        Entry(SEVERAL, "shop/web", "2"),
    ]


def test_an_app_opens_last_and_closes_first() -> None:
    both = address_entries(view(Phase.AWAKE, ONE, TWO))
    assert list(commands([], both))[-1] == "add map several.map shop/web 2"
    assert next(commands(both, [])) == "del map several.map shop/web"


def test_from_several_addresses_to_one_and_back_it_is_never_found_nowhere() -> None:
    both, one = address_entries(view(Phase.AWAKE, ONE, TWO)), address_entries(view(Phase.AWAKE, TWO))
    assert list(commands(both, one)) == [
        "add map addresses.map shop/web 2001:db8::1|8080",
        "del map several.map shop/web",
        "del map addresses.map shop/web=1",
        "del map addresses.map shop/web=0",
    ]
    assert list(commands(one, both)) == [
        "add map addresses.map shop/web=0 10.0.0.1|80",
        "add map addresses.map shop/web=1 2001:db8::1|8080",
        "add map several.map shop/web 2",
        "del map addresses.map shop/web",
    ]


def test_what_does_not_change_is_not_told() -> None:
    both = address_entries(view(Phase.AWAKE, ONE, TWO))
    assert list(commands(both, both)) == []


def test_a_path_cannot_end_a_command() -> None:
    line = route_entry(view(), parse_route("a.test/x;y<z"))
    assert list(commands([], [line])) == ["add map routes.map a.test/x\\;y\\<z/ shop/web"]


def test_an_app_whose_name_is_long_or_odd_goes_by_another() -> None:
    assert key_of("shop/web") == "shop/web"
    for odd in ("a b", "a~", "a=1", "x" * 101, "ä"):
        assert key_of(odd).startswith("app:")
        assert key_of(odd) == key_of(odd)
    assert key_of("a b") != key_of("a  b")
