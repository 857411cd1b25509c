"""What sleeping has saved, added up for people and programs: by app, by team, and in all. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from scaler.moments import rfc3339
from scaler.requests import Requests
from scaler.saved import Saved
from scaler.tally import Tally
from scaler.teams import OTHER, known_teams
from torpor.savings_settings import PriceSettings
from torpor.words import AppId, Mode

GIB = 2.0**30
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Line:
    """One app."""

    app: AppId
    team: str
    mode: Mode
    replicas: int
    """When it is awake."""
    requests: Requests
    """Of one of them."""
    asleep: Tally
    shadow: Tally | None
    """What it would have saved; None where it is not in shadow mode."""
    shadow_sleeps: int


def report(lines: Iterable[Line], price: PriceSettings | None, now: float) -> dict[str, object]:
    """Plain data for JSON. `now` is Unix seconds, as all times are; money is None without a price."""
    lines = list(lines)
    teams = known_teams(line.team for line in lines)
    by_team: dict[str, list[Line]] = {}
    for line in lines:
        by_team.setdefault(line.team if line.team in teams else OTHER, []).append(line)
    return {
        "at": rfc3339(now),
        "price": None if price is None else price.model_dump(mode="json"),
        "apps": [_app(line, price) for line in lines],
        "teams": [{"team": team, "apps": len(its), **_sums(its, price)} for team, its in sorted(by_team.items())],
        "total": {"apps": len(lines), **_sums(lines, price)},
    }


def _app(line: Line, price: PriceSettings | None) -> dict[str, object]:
    return {
        "id": line.app,
        "team": line.team,
        "mode": line.mode.value,
        "replicas": line.replicas,
        "requests": {"cpu": line.requests.cpu / 1000, "memory": line.requests.memory},
        "saved": {"since": rfc3339(line.asleep.since), **_amounts(line.asleep.saved, price)},
        "would_save": line.shadow
        and {
            "since": rfc3339(line.shadow.since),
            "sleeps": line.shadow_sleeps,
            **_amounts(line.shadow.saved, price),
        },
    }


def _sums(lines: list[Line], price: PriceSettings | None) -> dict[str, object]:
    shadows = [line.shadow for line in lines if line.shadow is not None]
    return {
        "saved": _sum((line.asleep for line in lines), price),
        "would_save": _sum(shadows, price) if shadows else None,
    }


def _sum(tallies: Iterable[Tally], price: PriceSettings | None) -> dict[str, object]:
    tallies = list(tallies)
    since = min((tally.since for tally in tallies), default=None)
    return {"since": rfc3339(since), **_amounts(sum((tally.saved for tally in tallies), Saved()), price)}


def _amounts(saved: Saved, price: PriceSettings | None) -> dict[str, object]:
    return {
        "asleep_seconds": round(saved.seconds, 3),
        "cpu_core_seconds": round(saved.cpu, 3),
        "memory_byte_seconds": round(saved.memory, 3),
        "money": None if price is None else round(_money(saved, price), 6),
    }


def _money(saved: Saved, price: PriceSettings) -> float:
    return saved.cpu / HOUR * price.cpu_core_hour + saved.memory / GIB / HOUR * price.memory_gib_hour
