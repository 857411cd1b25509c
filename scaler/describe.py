"""An app put into the words of others: a status for operators, a line of what it saves, a view for proxies."""

from scaler.app import App, AppSpec
from scaler.doors import view_id
from scaler.proxies import Proxies
from scaler.savings import Savings
from scaler.savings_report import Line
from scaler.status import AppStatus
from torpor.clock import Clock
from torpor.link import AppView
from torpor.words import Mode, Phase

NOBODY_ANSWERS = "waiting until something answers there"


def status_of(
    app: App,
    proxies: Proxies,
    clock: Clock,
    *,
    replicas: int,
    sleeps_at: float | None,
    expires_at: float | None = None,
) -> AppStatus:
    """The app for operators. `sleeps_at` is monotonic, as all times of the app are; the status shows Unix seconds, as
    `expires_at` is."""
    wall = clock.wall() - clock.now()
    life, spec = app.life, app.spec

    def shown(at: float | None) -> float | None:
        return None if at is None else at + wall

    return AppStatus(
        id=spec.id,
        phase=life.phase,
        hosts=spec.hosts,
        last_access=shown(app.last_access),
        in_flight=proxies.in_flight(spec.id),
        held=proxies.held(spec.id),
        idle_timeout=spec.idle_timeout,
        sleeps_at=shown(sleeps_at) if life.phase is Phase.AWAKE else None,
        replicas=replicas,
        cause=str(app.cause or ""),
        reason=app.reason,
        stage=app.stage,
        since=shown(life.since),
        usual_wake=app.usual_wake,
        needs=spec.needs,
        managed=spec.managed,
        reverts=app.reverts,
        keep_awake=spec.keep_awake.written,
        expires_at=expires_at,
        mode=mode_of(spec),
        shadow_since=shown(app.shadow_since),
        team=spec.team,
        retry_at=shown(life.retry_at) if life.phase is Phase.FAILED else None,
    )


def line_of(app: App, savings: Savings, replicas: int) -> Line:
    """The app in a list of what is saved. `replicas` are those that it has when it is awake."""
    spec = app.spec
    return Line(
        *(spec.id, spec.team, mode_of(spec), replicas, spec.requests),
        asleep=savings.total(spec.id),
        shadow=savings.measured(spec.id),
        shadow_sleeps=savings.shadow.runs(spec.id),
    )


def mode_of(spec: AppSpec) -> Mode:
    """Whether it sleeps, or only would."""
    return Mode.SHADOW if spec.shadow else Mode.SLEEP


def view_of(app: App, door: str, now: float) -> AppView:
    """One door of the app for proxies; times as ages.

    A door of an awake app that nothing answers at just now is shown as waking: visits are held there, and let through
    as soon as something does.
    """
    life, phase, stage = app.life, app.life.phase, app.stage
    addresses = app.addresses.get(door, ()) if phase in (Phase.AWAKE, Phase.DRAINING) else ()
    since = life.since
    if phase is Phase.AWAKE and not addresses:
        phase, stage, since = Phase.WAKING, NOBODY_ANSWERS, app.addressed_at
    return AppView(
        id=view_id(app.spec.id, door),
        routes=app.spec.doors[door],
        phase=phase,
        epoch=app.epoch,
        addresses=addresses,
        policy=app.spec.policy,
        usual_wake=app.usual_wake,
        stage=stage,
        waking_for=now - since if phase is Phase.WAKING else 0.0,
        reason=app.reason,
        retry_in=max(0.0, life.retry_at - now) if phase is Phase.FAILED else 0.0,
        last_lines=app.last_lines if life.phase in (Phase.WAKING, Phase.FAILED) and app.spec.policy.page_log else (),
    )
