"""The cluster's own words, made fit for visitors: short, in one line, and without anything that lets somebody in."""

import re

LONGEST = 300
"""Characters of a reason."""
_READ = 4_000
"""Characters that are looked at: the expressions below take longer for more."""
_HIDDEN = (
    (re.compile(r"(://)[^/@\s\"']*@"), r"\1"),  # user and password in a URL
    (re.compile(r"(https?://[^\s?\"'<>]*)\?[^\s\"'<>]*"), r"\1"),  # a signed URL's query
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE), r"\1 …"),
    (re.compile(r"\beyJ[\w-]{8,}(?:\.[\w-]*)*"), "…"),  # a token of three parts
    (re.compile(r"\b(passw(?:or)?d|token|secret|api[-_]?key|auth)=[^\s,;&\"']+", re.IGNORECASE), r"\1=…"),
    (re.compile(r"\([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\)"), ""),  # a pod's uid says nothing to anybody
)


def fit(words: str, longest: int = LONGEST) -> str:
    """The words as visitors may see them."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in words[:_READ]).split())
    for hidden, instead in _HIDDEN:
        plain = hidden.sub(instead, plain)
    return plain if len(plain) <= longest else plain[: longest - 1].rstrip() + "…"
