"""Whose apps are whose, in bounded many words: a team is a label, and labels are anybody's to write."""

from collections import Counter
from collections.abc import Iterable
from itertools import islice

MOST = 100
OTHER = "other"


def known_teams(teams: Iterable[str]) -> frozenset[str]:
    """The teams that go by their own name, given that of each app: those with the most apps. All others are `OTHER`.

    Apps of no team, whose team is empty, are not among the others.
    """
    counted = sorted(Counter(teams).items(), key=lambda item: (bool(item[0]), -item[1], item[0]))
    return frozenset(team for team, _ in islice(counted, MOST))
