"""Everything that visitors see of Torpor itself: the waiting page and every refusal, rendered without any I/O."""

from proxy.pages.look import Look
from proxy.pages.negotiation import wants_html
from proxy.pages.notices import asleep, broken, draining, full, no_link, refused, timed_out, unknown_host
from proxy.pages.watch import failed, progress, waiting

__all__ = [
    "Look",
    "asleep",
    "broken",
    "draining",
    "failed",
    "full",
    "no_link",
    "progress",
    "refused",
    "timed_out",
    "unknown_host",
    "waiting",
    "wants_html",
]
