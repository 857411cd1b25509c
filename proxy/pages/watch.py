"""The page that watches a wake: it shows progress while the app wakes up, the reason when that failed, and reloads.

Both are one page, because one turns into the other while somebody looks at it. Its script asks
`GET /.well-known/torpor/progress?seen=VERSION&at=PATH&app=ID` on its own origin. PATH is the page's own path, since a
host may lead to several apps by path, and ID is the page's app, since several may share that. The question neither
wakes the app nor counts as activity.
"""

import math

from proxy.pages import shapes
from proxy.pages.look import Look
from proxy.pages.negotiation import wants_html
from proxy.pages.wording import bounded, fit, whole_seconds
from proxy.visit import Answer, Visit
from torpor.advice import advice
from torpor.link import LAST_LINES, LONGEST_LINE, AppView
from torpor.words import Phase

_RETRY = 2
"""Seconds to the next try of a visitor without scripts, and of a program when nothing is known about the app."""


def waiting(view: AppView, waited: float, look: Look | None = None) -> Answer:
    """The waiting page, 503: `waited` is how long this visit was held so far, in seconds."""
    so_far = max(bounded(waited), bounded(view.waking_for))
    usual = _usual(view)
    left = _RETRY if usual is None else whole_seconds(usual - so_far)
    return _page(view, look, Phase.WAKING, 503, so_far=so_far, retry=left, refresh=_RETRY)


def failed(visit: Visit, view: AppView, look: Look | None = None) -> Answer:
    """The wake ended with a reason, 502. The page tries again once the back-off is over."""
    retry = whole_seconds(view.retry_in)
    if wants_html(visit):
        return _page(view, look, Phase.FAILED, 502, so_far=0.0, retry=retry, refresh=retry)
    reason = fit(view.reason) or "no reason is known"
    return shapes.problem_json(
        502,
        f"{fit(view.id)} could not be woken: {reason}. {advice(view.reason)} Torpor tries again with the next visit in "
        f"{retry} s or later.",
        view=view,
        phase=Phase.FAILED,
        retry=retry,
        reason=reason,
    )


def progress(view: AppView, version: str) -> Answer:
    """What the page asks for: where the wake stands. Durations in seconds; `version` comes back as `seen`."""
    return shapes.data(
        view,
        {
            "phase": view.phase.value,
            "stage": fit(view.stage),
            "waiting_seconds": round(bounded(view.waking_for), 3),
            "usual_seconds": _usual(view),
            "reason": fit(view.reason),
            "todo": advice(view.reason),
            "lines": _lines(view),
            "retry_in": round(bounded(view.retry_in), 3),
            "version": version,
        },
    )


def _page(
    view: AppView, look: Look | None, phase: Phase, status: int, *, so_far: float, retry: int, refresh: int
) -> Answer:
    usual = _usual(view)
    return shapes.page(
        status,
        "watch.html",
        look=look,
        view=view,
        phase=phase,
        retry=retry,
        name=fit(view.id),
        state=phase.value,
        stage=fit(view.stage),
        reason=fit(view.reason),
        lines="\n".join(_lines(view)),
        todo=advice(view.reason),
        so_far=round(so_far, 1),
        usual=usual,
        share=None if usual is None else round(_share(so_far / usual), 3),
        retry_in=retry,
        refresh=refresh,
    )


def _lines(view: AppView) -> list[str]:
    """What the app has written during the wake, where its page may show that."""
    shown = view.last_lines[-LAST_LINES:] if view.policy.page_log else ()
    return [fit(line, LONGEST_LINE).replace("\n", " ") for line in shown]


def _usual(view: AppView) -> float | None:
    if view.usual_wake is None or not 0 < view.usual_wake < math.inf:
        return None
    return round(max(0.1, view.usual_wake), 1)


def _share(ratio: float) -> float:
    """How full the bar is after `ratio` of the usual time: never full, ever slower beyond nine tenths (as watch.js)."""
    return ratio if ratio < 0.9 else 0.99 - 0.09 * math.exp((0.9 - ratio) / 0.09)
