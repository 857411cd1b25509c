from scaler.teams import MOST, known_teams


def test_few_teams_all_go_by_their_names() -> None:
    assert known_teams(["shop", "search", "shop", ""]) == {"shop", "search", ""}
    assert known_teams([]) == frozenset()


def test_of_many_those_with_the_most_apps_do() -> None:
    many = [f"team-{number}" for number in range(1_000)]
    known = known_teams([*many, "shop", "shop", ""])
    assert len(known) == MOST
    assert {"shop", ""} <= known
