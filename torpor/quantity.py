"""Amounts of CPU and memory as Kubernetes writes them (`250m`, `1.5`, `512Mi`, `1e9`), and as programs count them."""

import re
from decimal import ROUND_CEILING, Decimal

ALLOWED = "a number, or one with a unit such as 500m for CPU, or 512Mi and 2Gi for memory"
MOST = 2**62
"""More than this is taken for this much."""

_SIGNS = {"n": "1e-9", "u": "1e-6", "m": "1e-3", "": "1", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12"}
_SIGNS |= {"P": "1e15", "E": "1e18"} | {f"{sign}i": str(1024**power) for power, sign in enumerate("KMGTPE", 1)}
_FACTORS = {sign: Decimal(factor) for sign, factor in _SIGNS.items()}
_WRITTEN = re.compile(
    r"\+?(\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE]([+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)", re.ASCII
)


def parse_quantity(value: object) -> Decimal:
    """The number. Raises ValueError that says what is allowed; nothing below zero is."""
    written = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
    if found is None:
        raise ValueError(f"{str(value)[:40]!r} is not an amount; allowed is {ALLOWED}")
    number, power, sign = found.groups()
    return Decimal(number).scaleb(int(power or 0)) * _FACTORS[sign or ""]


def millis(amount: Decimal) -> int:
    """In thousandths, rounded up, as Kubernetes counts CPU."""
    return whole(amount * 1000)


def whole(amount: Decimal) -> int:
    """In whole numbers, rounded up, as it counts bytes."""
    return min(MOST, int(amount.to_integral_value(ROUND_CEILING)))
