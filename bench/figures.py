"""The arithmetic of the benches: medians, percentiles, and ratios that do not mind a noisy machine."""

import math
from collections.abc import Sequence
from statistics import median

KIB = 1024
MIB = 1024 * 1024


def percentile(values: Sequence[float], percent: float) -> float:
    """The nearest-rank percentile: the smallest value that at least `percent` of 100 do not exceed."""
    if not values:
        raise ValueError("no values")
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the rounds' ratios: what slows a whole round down slows both, and so does not count."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))


def share(growth: float, count: int) -> float:
    """Of a growth in bytes, KiB for each of `count`."""
    return growth / count / KIB
