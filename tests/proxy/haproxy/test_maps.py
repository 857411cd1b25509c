"""The lines of the maps, and the order in which they change."""

import pytest

from proxy.haproxy.maps import (
    ADDRESSES,
    KEY_LENGTH,
    ROUTES,
    SEVERAL,
    WILDCARDS,
    Entry,
    address_entries,
    commands,
    key_of,
    place_entries,
    place_of,
)
from torpor.link import AppView, Policy
from torpor.routes import Place, parse_route
from torpor.words import Address, Phase, Visitor

PLACE = Place("a.test", "/x", exact=False)
ONE, TWO = Address("10.0.0.1", 80), Address("2001:db8::1", 8080)


def view(phase: Phase = Phase.AWAKE, *addresses: Address, **more: object) -> AppView:
    return AppView.model_validate({"id": "shop/web", "phase": phase, "epoch": 1, "addresses": addresses, **more})


def lead(text: str) -> list[Entry]:
    """The lines of an app that has this route for itself."""
    route = parse_route(text)
    return place_entries(route.place, [(route.headers, [(view(), route.weight)])])


def test_a_route_is_a_key_that_ends_with_a_slash_so_that_only_whole_segments_match() -> None:
    assert lead("a.test") == [Entry(ROUTES, "a.test/", "shop/web")]
    assert lead("a.test/docs/") == [Entry(ROUTES, "a.test/docs/", "shop/web")]
    for host in ("*.a.test", "?.a.test", "*"):
        assert lead(f"{host}/x") == [Entry(WILDCARDS, f"{host}/x/", "shop/web")]


def test_the_key_of_an_exact_path_ends_as_only_its_own_look_up_does() -> None:
    assert lead("=a.test/docs") == [Entry(ROUTES, "a.test/docs/?", "shop/web")]
    assert lead("=a.test/docs/") == [Entry(ROUTES, "a.test/docs//?", "shop/web")]
    assert lead("=*/") == [Entry(WILDCARDS, "*//?", "shop/web")]


@pytest.mark.parametrize("route", ["a.test", "*.a.test/x", "=a.test", "=?.a.test/docs/", "*", "=*/a", "a.test/ü [a=b]"])
def test_a_line_tells_its_place(route: str) -> None:
    assert place_of(lead(route)[-1]) == parse_route(route).place
    assert place_of(Entry(ADDRESSES, "shop/web", "10.0.0.1|80")) is None


def test_where_headers_or_weights_decide_the_rules_have_lines_of_their_own_in_their_order() -> None:
    app, other = view(), view(id="other", policy=Policy(wake_for=(Visitor.PROGRAM,)))
    shares = [(app, 30), (other, 70), (view(id="none"), 0)]
    *rules, place = place_entries(PLACE, [((("a", "1"), ("b", "x, =&|%")), [(other, None)]), ((), shares)])
    assert [rule.value for rule in rules] == ["a=1&b=x%2C%20%3D%26%7C%25,1=|g|other", ",30=shop/web,70=|g|other"]
    name = rules[0].key.removesuffix("=0")
    assert [rule.key for rule in rules] == [f"{name}=0", f"{name}=1"]
    assert place == Entry(ROUTES, "a.test/x/", f"|*|9|{name}|2")


def test_other_rules_or_another_place_have_another_name() -> None:
    one, other = view(), view(id="other")
    made = [
        place_entries(place, [((), [(one, weight), (other, 1)])])
        for place, weight in [(PLACE, 1), (PLACE, 2), (PLACE._replace(exact=True), 1)]
    ]
    assert len({lines[0].key for lines in made}) == 3


def test_the_only_one_with_a_share_has_all_of_it_and_nobody_has_none() -> None:
    assert place_entries(PLACE, [((), [(view(), 5)])]) == [Entry(ROUTES, "a.test/x/", "shop/web")]
    rule, _ = place_entries(PLACE, [((), [(view(), 0)])])
    assert rule.value == ""


def test_a_rule_that_fits_no_command_is_left_to_the_doorman() -> None:
    lines = place_entries(PLACE, [((("a", "ü" * 2000),), [(view(), None)])])
    assert [line.map for line in lines] == [ROUTES]


def test_a_route_says_whose_visits_count() -> None:
    app = view(policy=Policy(wake_for=(Visitor.MONITOR, Visitor.PERSON)))
    assert place_entries(PLACE, [((), [(app, None)])])[0].value == "|pm|shop/web"


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
    assert list(commands([], lead("a.test/x;y<z"))) == ["add map routes.map a.test/x\\;y\\<z/ shop/web"]


def test_an_app_whose_name_is_long_or_odd_goes_by_another() -> None:
    for plain in ("web", "shop/web", "shop/web:8080", "shop/web:http"):
        assert key_of(plain) == plain
    for odd in ("a b", "a~", "a=1", "x" * 101, "ä", "+a", f"{'n' * 63}/{'w' * 253}:{'p' * 63}"):
        assert key_of(odd).startswith("+")
        assert len(key_of(odd)) <= KEY_LENGTH
        assert key_of(odd) == key_of(odd)
    assert key_of("a b") != key_of("a  b")
