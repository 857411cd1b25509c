"""Whether a visitor wants a page or data: proactive negotiation after RFC 9110, section 12.5.1, for two shapes."""

from proxy.visit import Visit

_LONGEST = 4096
"""Characters of an Accept header that are read; browsers send about 150."""

_HTML = (("text/html", 3), ("application/xhtml+xml", 3), ("text/*", 2))
_JSON = (("application/problem+json", 3), ("application/json", 3), ("application/*", 2), ("*/*", 1))


def wants_html(visit: Visit) -> bool:
    """Whether `Accept` prefers HTML to JSON.

    `*/*` alone is what programs send that do not care, so it is not a wish for a page; neither is no header at all.
    """
    ranges = _ranges(visit.accept)
    html = _quality(ranges, _HTML)
    return html > 0 and html >= _quality(ranges, _JSON)


def _quality(ranges: dict[str, float], wanted: tuple[tuple[str, int], ...]) -> float:
    """The weight of a shape: of the ranges that match it, the most specific ones count."""
    found = [(precision, ranges[name]) for name, precision in wanted if name in ranges]
    closest = max((precision for precision, _ in found), default=0)
    return max((weight for precision, weight in found if precision == closest), default=0.0)


def _ranges(accept: str) -> dict[str, float]:
    ranges: dict[str, float] = {}
    for part in accept[:_LONGEST].lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        ranges[name] = max(ranges.get(name, 0.0), _weight(parameters))
    return ranges


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                weight = float(value)
            except ValueError:
                return 0.0
            return weight if 0 <= weight <= 1 else 0.0
    return 1.0
