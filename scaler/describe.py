"""An app put into the words of others: a status for operators, a view for proxies."""

from scaler.app import App
from scaler.proxies import Proxies
from scaler.status import AppStatus
from torpor.clock import Clock
from torpor.link import AppView
from torpor.words import Phase


def status_of(app: App, proxies: Proxies, clock: Clock, *, replicas: int, sleeps_at: float | None) -> AppStatus:
    """The app for operators. `sleeps_at` is monotonic, as all times of the app are; the status shows Unix seconds."""
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
        retry_at=shown(life.retry_at) if life.phase is Phase.FAILED else None,
    )


def view_of(app: App, now: float) -> AppView:
    """The app for proxies; times as ages."""
    life = app.life
    return AppView(
        id=app.spec.id,
        routes=app.spec.hosts,
        phase=life.phase,
        epoch=app.epoch,
        addresses=app.addresses,
        policy=app.spec.policy,
        usual_wake=app.usual_wake,
        stage=app.stage,
        waking_for=now - life.since if life.phase is Phase.WAKING else 0.0,
        reason=app.reason,
        retry_in=max(0.0, life.retry_at - now) if life.phase is Phase.FAILED else 0.0,
    )
