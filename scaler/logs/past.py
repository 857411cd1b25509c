"""What one who comes later reads first: put together from what is kept here and what the runtime still has."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from scaler.logs.line import Line, Source
from torpor.seam import Seam

MOST_OLDER = 10_000
"""Lines of each source that the runtime is asked for at most, when all are wanted: half of what fits in a queue."""
LEFT_OUT = "(it wrote more before, which is left out here)"
"""A line without a time, in the place of those that are not there any more, or are too many."""

type Lines = Mapping[Source, Sequence[Line]]


def put_together(
    kept: Lines, older: Iterable[Line], coming: Mapping[Source, str], lines: int | None, short: Collection[Source] = ()
) -> tuple[list[Line], dict[Source, Seam]]:
    """The last lines of each source (None: all), and where those to come go on. `kept` is followed by what comes, whose
    first line of each source is from the time in `coming`, if some has come. `older` goes as far as it may, and may
    hold of both. Of the sources in `short` what is kept is not all that was asked for."""
    known: dict[Source, list[Line]] = {}
    for line in older:
        known.setdefault(line.source, []).append(line)
    whole: list[Line] = []
    seams: dict[Source, Seam] = {}
    for source in {**known, **kept}:
        before, here = list(known.get(source, ())), kept.get(source, ())
        if start := _first(here) or coming.get(source, ""):
            before = _until(before, start)
        elif last := _first(reversed(before)):
            seams[source] = Seam(last)
        if (source in short and not before) or (lines is None and len(known.get(source, ())) >= MOST_OLDER):
            before.insert(0, Line("", source, LEFT_OUT))
        found = [*before, *here]
        whole += found if lines is None else found[len(found) - min(len(found), lines) :]
    return whole, seams


def _first(lines: Iterable[Line]) -> str:
    """The first time that is known; empty: none."""
    return next((line.at for line in lines if line.at), "")


def _until(lines: list[Line], start: str) -> list[Line]:
    """Those before the line of this time; it need not be among them."""
    places = (place for place, line in enumerate(lines) if line.at == start)
    place = next(places, None)
    return [line for line in lines if line.at < start] if place is None else lines[:place]
