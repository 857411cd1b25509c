"""What happened to an app, in one sentence for people: the log, the events, the status page."""

from scaler.app import App
from scaler.lifecycle import Life
from torpor.duration import format_duration
from torpor.words import Phase


def phase_sentence(app: App, before: Life) -> str:
    """The app has just come into its phase, from the life before."""
    name, life = app.spec.id, app.life
    reason = f": {app.reason}" if app.reason else ""
    match life.phase:
        case Phase.WAKING:
            return f"{name} is waking: {app.cause}"
        case Phase.AWAKE if before.phase is Phase.WAKING:
            return f"{name} is awake after {format_duration(life.since - before.since)}"
        case Phase.AWAKE:
            return f"{name} stays awake{reason}"
        case Phase.DRAINING:
            return f"{name} is about to sleep"
        case Phase.ASLEEP if before.phase is Phase.AWAKE:
            return f"{name} fell over{reason}; the next visit wakes it"
        case Phase.ASLEEP:
            return f"{name} is asleep{reason}"
        case Phase.FAILED:
            again = f"a visit after {format_duration(life.retry_at - life.since)} tries again"
            left = "" if app.spec.idle_timeout else "; what runs of it is left, for its idle timeout is 0"
            return f"{name} failed{reason}; {again}{left}"
