"""Refusals and other answers that need no watching: each says what happened and what to do."""

from proxy.pages import shapes
from proxy.pages.look import Look
from proxy.pages.negotiation import wants_html
from proxy.pages.wording import bounded, fit, whole_seconds
from proxy.visit import Answer, Visit
from torpor.link import AppView
from torpor.words import Phase

_ASLEEP_RETRY = 3600
_FULL_RETRY = 5
_NO_LINK_RETRY = 5
_BROKEN_RETRY = 5
_DRAINING_RETRY = 1
_TIMED_OUT_RETRY = 2
"""Seconds, all of them."""


def timed_out(visit: Visit, view: AppView, waited: float, look: Look | None = None) -> Answer:
    """503: the visit was held as long as it may be, for `waited` seconds. The wake goes on, or the app is awake and has
    no address."""
    if view.phase is Phase.AWAKE:
        return _notice(
            *(visit, look, 503),
            view=view,
            phase=view.phase,
            retry=_TIMED_OUT_RETRY,
            title=f"{fit(view.id)} cannot be reached just now",
            what=f"{fit(view.id)} is awake, but had nowhere to take this visit for {round(bounded(waited))} s.",
            todo="Try again in a moment; if it stays like this, none of its instances is ready.",
        )
    usual = view.usual_wake
    stage = fit(view.stage)
    return _notice(
        *(visit, look, 503),
        view=view,
        phase=Phase.WAKING,
        retry=_TIMED_OUT_RETRY if usual is None else whole_seconds(usual - view.waking_for),
        title=f"{fit(view.id)} is still waking up",
        what=f"{fit(view.id)} was asleep and is not ready after {round(bounded(waited))} s"
        + (f"; it is at: {stage}." if stage else "."),
        todo="Try again in a moment; the wake goes on meanwhile.",
        stage=stage,
    )


def asleep(visit: Visit, view: AppView, status: int) -> Answer:
    """For crawlers, monitors, icons and prefetches, which do not wake anybody: a quick answer, 503 or 200."""
    text = f"{fit(view.id)} is asleep and wakes up when a person or a program visits it; this visit did not wake it."
    retry = None if status < 400 else _ASLEEP_RETRY
    if status >= 400 and "json" in visit.accept.lower():
        return shapes.problem_json(status, text, view=view, phase=Phase.ASLEEP, retry=retry)
    return shapes.plain(status, text, view=view, phase=Phase.ASLEEP, retry=retry)


def full(visit: Visit, view: AppView, look: Look | None = None) -> Answer:
    """503 at once: as many visits as allowed wait for this app already."""
    return _notice(
        *(visit, look, 503),
        view=view,
        phase=view.phase,
        retry=_FULL_RETRY,
        title="Too many are waiting",
        what=f"{fit(view.id)} is waking up, and more visits wait for it than may wait at once.",
        todo=f"Try again in {_FULL_RETRY} s.",
    )


def unknown_host(visit: Visit, look: Look | None = None) -> Answer:
    """404: no app has this host and path. Names no other, so that nobody learns of apps by guessing."""
    host = fit(visit.host, 255)
    return _notice(
        *(visit, look, 404),
        title="No app here",
        what=f"No app is known under {host} at this path." if host else "The request names no host.",
        todo="Check the address; an app that was added or renamed a moment ago may need some seconds.",
    )


def broken(visit: Visit, view: AppView | None, reason: str, look: Look | None = None) -> Answer:
    """502: the app was reached and failed the visit. It may have acted on it, so nothing is sent twice."""
    name = "The app" if view is None else fit(view.id)
    return _notice(
        *(visit, look, 502),
        view=view,
        phase=None if view is None else view.phase,
        retry=_BROKEN_RETRY,
        title=f"{name} did not answer properly",
        what=f"{name} is there, but its answer failed.",
        todo="Try again; if it stays like this, whoever runs the app finds more in its log.",
        reason=fit(reason),
    )


def no_link(visit: Visit, view: AppView, look: Look | None = None) -> Answer:
    """503: the app does not answer, and the scaler that could wake it cannot be reached."""
    return _notice(
        *(visit, look, 503),
        view=view,
        phase=view.phase,
        retry=_NO_LINK_RETRY,
        title=f"{fit(view.id)} cannot be woken just now",
        what=f"{fit(view.id)} does not answer, and Torpor's scaler, which could wake it, cannot be reached.",
        todo=f"Try again in {_NO_LINK_RETRY} s; if it stays like this, whoever runs Torpor should look at its scaler.",
    )


def draining(visit: Visit, look: Look | None = None) -> Answer:
    """503: this proxy is stopping and takes no more visits."""
    return _notice(
        *(visit, look, 503),
        retry=_DRAINING_RETRY,
        title="One moment, please",
        what="This proxy is being restarted and takes no new visits.",
        todo=f"Try again in {_DRAINING_RETRY} s.",
    )


def refused(status: int, detail: str) -> Answer:
    """A request that is not fit to be a visit."""
    return shapes.problem_json(status, fit(detail))


def _notice(
    visit: Visit,
    look: Look | None,
    status: int,
    *,
    title: str,
    what: str,
    todo: str,
    view: AppView | None = None,
    phase: Phase | None = None,
    retry: int | None = None,
    **more: str,
) -> Answer:
    if wants_html(visit):
        return shapes.page(
            *(status, "notice.html"),
            look=look,
            view=view,
            phase=phase,
            retry=retry,
            title=title,
            what=what,
            todo=todo,
            reason=more.get("reason", ""),
            again=retry is not None,
        )
    reason = more.get("reason")
    detail = f"{what} {reason}. {todo}" if reason else f"{what} {todo}"
    return shapes.problem_json(status, detail, view=view, phase=phase, retry=retry, **more)
