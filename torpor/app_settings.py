"""The apps of torpor.yaml: what may be said of one, and what they may not say together."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo, field_validator

from torpor.duration import parse_duration
from torpor.routes import parse_prefix_route
from torpor.savings_settings import RequestsSettings
from torpor.schedule import ALLOWED, NEVER, Schedule, parse_schedule
from torpor.words import Mode, PageMode, Visitor

LONGEST_HOURS = 2000
"""Characters."""


def _text(value: object) -> object:
    """YAML reads `8080` and `1.5` as numbers where people mean text."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _hours(value: object) -> Schedule:
    if isinstance(value, str) and len(value) <= LONGEST_HOURS:
        return parse_schedule(value)
    raise ValueError(f"{str(value)[:60]!r} is not a time to keep awake; allowed are {ALLOWED}")


Duration = Annotated[float, PlainValidator(parse_duration)]
Text = Annotated[str, BeforeValidator(_text)]
Hours = Annotated[Schedule, PlainValidator(_hours)]

type Finding = tuple[tuple[str | int, ...], str]
"""Where, and what is wrong there."""


class Strict(BaseModel):
    """Settings with names, and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AppSettings(Strict):
    """One app of torpor.yaml."""

    hosts: tuple[str, ...] = Field(
        (),
        description="Hosts and paths that lead to the app: `notes.localhost`, "
        "`*.notes.localhost`, `example.localhost/docs`. None: only other apps need it.",
    )
    command: tuple[Text, ...] = Field(
        min_length=1,
        description="The program and its arguments, as a list; no shell. "
        "`{port}` becomes the port to listen on, which `PORT` holds too.",
    )
    directory: Path | None = Field(
        None, description="Where it runs; relative to torpor.yaml. Default: beside torpor.yaml."
    )
    env: dict[str, Text] = Field({}, description="Environment variables, on top of Torpor's own.")
    port: int | None = Field(
        None,
        ge=1,
        le=65535,
        description="A fixed port, for a program that cannot be told one. Default: a free one, new at every wake.",
    )
    ready_path: str | None = Field(
        None,
        pattern=r"^/\S*$",
        description="Ready when a GET of this path answers 200 to 399. "
        "Default: ready when the port accepts a connection.",
    )
    needs: tuple[str, ...] = Field((), description="Apps that are woken first and put to sleep last.")
    idle_timeout: Duration | None = Field(None, description="Time without a visit until the app sleeps; 0 is never.")
    wake_timeout: Duration | None = Field(None, description="How long a wake may take, and how long a program is held.")
    stop_timeout: Duration | None = Field(None, description="Time between SIGTERM and SIGKILL.")
    hold: Duration | None = Field(None, description="How long a browser waits before it is shown the waiting page.")
    page: PageMode | None = Field(
        None, description="The waiting page: `auto` (by how long the app usually takes), `always` or `never`."
    )
    page_log: bool | None = Field(
        None,
        description="Whether the waiting page shows the last lines that the app has written since the wake began. "
        "Whoever may open the app sees them: not for apps that write secrets or addresses.",
    )
    wake_for: tuple[Visitor, ...] | None = Field(
        None,
        description="Whose visits wake the app and count as activity: "
        "`person`, `automated-browser`, `program`, `crawler`, `monitor`.",
    )
    monitor_status: Literal[200, 503] | None = Field(
        None, description="What an uptime monitor is told of a sleeping app."
    )
    max_held: int | None = Field(None, ge=1, le=100_000, description="Visits held for the app at once; more get 503.")
    keep_awake: Hours = Field(
        NEVER,
        description="Hours of the week in which the app is not put to sleep for being idle, such as "
        "`Mon-Fri 08:00-18:00 Europe/Berlin`, with semicolons between several.",
    )
    mode: Mode | None = Field(
        None, description="`sleep`, or `shadow`: it stays awake, and what its sleep would save is measured."
    )
    team: str = Field(
        "", max_length=63, pattern=r"^[!-~]*$", description="Whose it is: savings are summed up by team, too."
    )
    requests: RequestsSettings = Field(
        RequestsSettings(), description="What a sleep of the app saves. Default: nothing but the time is reckoned."
    )

    @field_validator("hosts")
    @classmethod
    def _routes(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(str(parse_prefix_route(host)) for host in hosts)

    @field_validator("directory")
    @classmethod
    def _beside(cls, directory: Path | None, info: ValidationInfo) -> Path | None:
        base: Path = (info.context or {}).get("base", Path())
        return directory and (base / directory.expanduser()).resolve()

    @field_validator("env")
    @classmethod
    def _environment(cls, env: dict[str, str]) -> dict[str, str]:
        for name, value in env.items():
            if not name or "=" in name or "\0" in name + value:
                raise ValueError(f"{name!r} cannot be an environment variable")
        return env


def bad_names(apps: dict[str, AppSettings]) -> list[Finding]:
    """Those that could not be a label of a host."""
    allowed = "allowed are up to 63 lower-case letters, digits and hyphens, a letter or digit first and last"
    return [
        (("apps", name), f"{name!r} cannot be an app's name; {allowed}")
        for name in apps
        if not (
            len(name) <= 63 and name.isascii() and name.replace("-", "").isalnum() and name == name.lower().strip("-")
        )
    ]


def shared_routes(apps: dict[str, AppSettings]) -> list[Finding]:
    """Routes that two of them ask for."""
    owner: dict[str, str] = {}
    found: list[Finding] = []
    for name, app in apps.items():
        for at, host in enumerate(app.hosts):
            first = owner.setdefault(host, name)
            if first != name:
                found.append((("apps", name, "hosts", at), f"{host} leads to {first!r} already; a route has one app"))
    return found


def bad_needs(apps: dict[str, AppSettings]) -> list[Finding]:
    """Needs that are not there, or go round in a circle."""
    found: list[Finding] = []
    for name, app in apps.items():
        for at, need in enumerate(app.needs):
            if need not in apps:
                known = ", ".join(sorted(apps.keys() - {name})[:20]) or "none, there is no other app"
                found.append((("apps", name, "needs", at), f"there is no app {need!r}; allowed are {known}"))
    if not found and (circle := _circle(apps)):
        found.append(
            (
                ("apps", circle[0], "needs"),
                f"a cycle in needs: {' → '.join(circle)}; an app cannot need itself",
            )
        )
    return found


def _circle(apps: dict[str, AppSettings]) -> list[str]:
    done: set[str] = set()
    for start in apps:
        trail: list[str] = []
        ahead = [iter([start])]
        while ahead:
            name = next(ahead[-1], None)
            if name is None:
                ahead.pop()
                if trail:
                    done.add(trail.pop())
            elif name in trail:
                return [*trail[trail.index(name) :], name]
            elif name not in done:
                trail.append(name)
                ahead.append(iter(apps[name].needs))
    return []
