"""The life of an app as a pure function: `(life, event, now) → (life, commands)`.

Theory
------
An app is in one of five phases.

    asleep    nothing runs; the next visit wakes it
    waking    something is being started; visits wait; ends in awake or failed
    awake     visits go straight through
    draining  about to sleep: every proxy has been told to stop using its fast lane and to say what is still open.
              Only when all have said "nothing" does it end in asleep; any sign of use brings it back to awake
    failed    the last wake ended badly; visits are told why; after a back-off the next visit tries again

Sleep is two steps (awake → draining → asleep) because a proxy may be forwarding a visit at the very moment the
scaler finds the app idle. Between the steps no visit can slip through: a proxy that has acknowledged a drain sends
every later visit to the doorman, whose knock arrives on the same ordered link as the acknowledgement, behind it. If
the knock finds the app draining, the sleep is called off; if it finds it asleep, the app is woken again. Either way
the visit waits, and none is lost.

What is not in the table changes nothing. That is what makes late news harmless: a `READY` for a wake that was given
up, a `DRAINED` after the drain was called off, a second `KNOCK` while waking (which is how waking is single-flight).

Somebody else may move the workload too. Scaled up while it sleeps, it is woken like by an operator (INSIST: the start
finds it running and waits until it answers). Scaled to nothing (TAKEN), it is asleep, and nothing is written about it.
A stop may be refused, because the workload has changed or because nobody can be reached to write it down; then it is
up still (KEPT), at the addresses that were known.

A failed app may be up half-way. Nobody is sent there, so it needs no drain: when nobody has asked for it for its idle
timeout, it is stopped at once. One that never sleeps (its idle timeout is 0) is not stopped when it has failed either,
unless an operator says so; the next visit finds what runs of it, and waits until that answers.

Back-off: after the n-th failure in a row the next try waits `min(60, 2^(n-1))` seconds; an operator need not wait.
An app that falls over within `STEADY` seconds of being ready, `FLAPS` times in a row, has failed as well. So has one
that is taken down as often, while it is being woken or so soon after: that is no fight that a scaler should win.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from torpor.words import Phase

LONGEST_BACK_OFF = 60.0
STEADY = 5.0
FLAPS = 3


class Event(StrEnum):
    """What can happen to an app."""

    KNOCK = "knock"  # a visit that counts has come, or a dependant needs it
    INSIST = "insist"  # an operator wants it awake, back-off or not
    READY = "ready"  # the address that visits will use has answered
    FAIL = "fail"  # the wake ended badly or took too long
    LOST = "lost"  # what ran has ended by itself
    TAKEN = "taken"  # somebody else has scaled it to nothing
    KEPT = "kept"  # its stop was refused: it is up still
    IDLE = "idle"  # its idle timeout has passed, or an operator wants it asleep
    BUSY = "busy"  # while draining: something is open after all, or a proxy cannot say
    DRAINED = "drained"  # all proxies have acknowledged that nothing is open


class Command(StrEnum):
    """What is to be done about it."""

    START = "start"
    DRAIN = "drain"
    CALL_OFF = "call off"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Life:
    """Where an app stands. Times are monotonic seconds."""

    phase: Phase = Phase.ASLEEP
    since: float = 0.0
    failures: int = 0
    """Bad endings in a row."""
    retry_at: float = 0.0
    """A failed app is not tried again for a visitor before this."""


_TABLE: dict[tuple[Phase, Event], tuple[Phase, tuple[Command, ...]]] = {
    (Phase.ASLEEP, Event.KNOCK): (Phase.WAKING, (Command.START,)),
    (Phase.ASLEEP, Event.INSIST): (Phase.WAKING, (Command.START,)),
    (Phase.ASLEEP, Event.KEPT): (Phase.AWAKE, ()),
    (Phase.WAKING, Event.READY): (Phase.AWAKE, ()),
    (Phase.WAKING, Event.FAIL): (Phase.FAILED, ()),
    (Phase.WAKING, Event.TAKEN): (Phase.ASLEEP, ()),
    (Phase.AWAKE, Event.IDLE): (Phase.DRAINING, (Command.DRAIN,)),
    (Phase.AWAKE, Event.LOST): (Phase.ASLEEP, ()),
    (Phase.AWAKE, Event.TAKEN): (Phase.ASLEEP, ()),
    (Phase.DRAINING, Event.KNOCK): (Phase.AWAKE, (Command.CALL_OFF,)),
    (Phase.DRAINING, Event.INSIST): (Phase.AWAKE, (Command.CALL_OFF,)),
    (Phase.DRAINING, Event.BUSY): (Phase.AWAKE, (Command.CALL_OFF,)),
    (Phase.DRAINING, Event.DRAINED): (Phase.ASLEEP, (Command.STOP,)),
    (Phase.DRAINING, Event.LOST): (Phase.ASLEEP, ()),
    (Phase.DRAINING, Event.TAKEN): (Phase.ASLEEP, ()),
    (Phase.FAILED, Event.KNOCK): (Phase.WAKING, (Command.START,)),
    (Phase.FAILED, Event.INSIST): (Phase.WAKING, (Command.START,)),
    (Phase.FAILED, Event.KEPT): (Phase.AWAKE, ()),
    (Phase.FAILED, Event.IDLE): (Phase.ASLEEP, (Command.STOP,)),
}


def step(life: Life, event: Event, now: float) -> tuple[Life, tuple[Command, ...]]:
    """The next life and what to do. Returns the same object when nothing changes."""
    if life.phase is Phase.FAILED and event is Event.KNOCK and now < life.retry_at:
        return life, ()
    target, commands = _TABLE.get((life.phase, event), (life.phase, ()))
    if target is life.phase:
        return life, ()
    failures = _failures(life, event, now)
    if event in (Event.LOST, Event.TAKEN) and failures >= FLAPS:
        target = Phase.FAILED
    retry_at = now + back_off(failures) if target is Phase.FAILED else 0.0
    return replace(life, phase=target, since=now, failures=failures, retry_at=retry_at), commands


def back_off(failures: int) -> float:
    """Seconds before the next try after so many failures in a row."""
    return min(LONGEST_BACK_OFF, 2.0 ** min(failures - 1, 10)) if failures > 0 else 0.0


def _failures(life: Life, event: Event, now: float) -> int:
    if event is Event.FAIL or (life.phase, event) == (Phase.WAKING, Event.TAKEN):
        return life.failures + 1
    if event in (Event.LOST, Event.TAKEN):
        return life.failures + 1 if now - life.since < STEADY else 0
    if event in (Event.DRAINED, Event.IDLE):
        return 0
    return life.failures
