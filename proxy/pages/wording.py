"""Words and numbers from outside, made fit for a page: short, printable, finite."""

import math

LONGEST = 500
"""Characters of a reason, a name or a path that are shown."""
LONGEST_WAIT = 24 * 3600
"""Seconds; no visitor is told to come back later than that."""


def fit(text: str, longest: int = LONGEST) -> str:
    """The text without what could disturb a page or a terminal, cut to `longest` characters.

    Control characters, lone surrogates (undecodable bytes) and marks that turn the direction of writing go; line
    breaks stay, because a reason may be the end of a log.
    """
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return "".join(_fit(character) for character in cut.replace("\r\n", "\n"))


def _fit(character: str) -> str:
    if character.isprintable() or character == "\n":
        return character
    return " " if character.isspace() else "\ufffd"


def whole_seconds(seconds: float) -> int:
    """For Retry-After: rounded up, at least 1."""
    return max(1, math.ceil(bounded(seconds)))


def bounded(seconds: float) -> float:
    """A duration between 0 and a day; what is not a number counts as 0."""
    return min(max(0.0, seconds), LONGEST_WAIT) if not math.isnan(seconds) else 0.0
