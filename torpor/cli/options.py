"""Options and arguments that several commands share, and how a shell completes app names."""

import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from torpor.cli.api import Api
from torpor.cli.direct import Direct
from torpor.cli.failure import Failed
from torpor.cli.reach import reach
from torpor.cli.where import Asked, contexts, find_local
from torpor.duration import parse_duration

COMPLETION_DEADLINE = 0.5
"""Seconds: somebody has pressed the tab key and waits."""

type Command = Callable[..., Any]


class DurationType(click.ParamType[float]):
    """A duration as torpor.yaml writes it, in seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds. Fails with what is allowed."""
        try:
            return parse_duration(float(value) if str(value).replace(".", "", 1).isdecimal() else value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


class EndpointType(click.ParamType[tuple[str, int]]):
    """HOST:PORT, as torpor.yaml writes it."""

    name = "HOST:PORT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        """Host and port. Fails with what is allowed."""
        host, colon, port = str(value).rpartition(":")
        if not colon or not port.isdecimal() or int(port) > 65535:
            self.fail(f"{value!r} is not an address to listen on; allowed is HOST:PORT such as 127.0.0.1:8080", param)
        return host.strip("[]") or "0.0.0.0", int(port)


def api_option(command: Command) -> Command:
    """`--api URL`, for what only a Torpor of one machine does; the command gets an `Api` as `api`."""

    @wraps(command)
    def reaching(api: str | None, **given: Any) -> Any:
        return command(api=Api(Direct(find_local(api))), **given)

    return _api(reaching)


def torpor_options(command: Command) -> Command:
    """`--api URL`, and a cluster's Torpor instead of it; the command gets an `Api` as `api`."""

    @wraps(command)
    def reaching(api: str | None, kubernetes: bool, context: str | None, service: str | None, **given: Any) -> Any:
        found = reach(Asked(api, kubernetes, context, service))
        click.get_current_context().call_on_close(found.close)
        return command(api=found, **given)

    return _api(cluster_options(reaching))


def cluster_options(command: Command) -> Command:
    """`--kubernetes`, `--context NAME`, `--service NAMESPACE/NAME`."""
    for option in (
        click.option(
            "--service",
            metavar="NAMESPACE/NAME",
            help="The scaler's Service in the cluster. Default: TORPOR_SERVICE, else torpor/torpor-scaler.",
        ),
        click.option(
            "--context",
            metavar="NAME",
            shell_complete=complete_context,
            help="The cluster of this context of the kubeconfig, not of the current one.",
        ),
        click.option(
            "--kubernetes",
            is_flag=True,
            help="The Torpor in the kubeconfig's cluster, through its API server. Default: where there is a "
            "kubeconfig, and neither --api, TORPOR_API, ./torpor.yaml nor a Torpor at http://127.0.0.1:8081.",
        ),
    ):
        command = option(command)
    return command


def _api(command: Command) -> Command:
    return click.option(
        "--api",
        metavar="URL",
        help="Where Torpor answers. Default: TORPOR_API, else `api` of ./torpor.yaml, else http://127.0.0.1:8081.",
    )(command)


def app_argument(command: Command) -> Command:
    """`APP`, completed with the names that Torpor knows."""
    return click.argument("app", shell_complete=complete_app)(command)


def file_option(command: Command) -> Command:
    """`-f FILE`."""
    return click.option(
        "-f",
        "--file",
        type=click.Path(path_type=Path),
        default=Path("torpor.yaml"),
        show_default=True,
        help="The configuration.",
    )(command)


def log_level_option(command: Command) -> Command:
    """`--log-level`."""
    return click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        help="How much to say. Default: info; with the live view of `torpor up` and `torpor demo`: warning.",
    )(command)


def json_option(command: Command) -> Command:
    """`--json`; the command gets it as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def complete_app(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The apps whose name starts so."""
    apps = complete_from(ctx, "/v1/apps", "apps")
    fitting = [app for app in apps if str(app.get("id", "")).startswith(incomplete)]
    return [CompletionItem(app["id"], help=app.get("phase")) for app in fitting]


def complete_from(ctx: click.Context, path: str, member: str) -> list[dict[str, Any]]:
    """What stands there, in the list of this name; nothing when Torpor does not answer quickly."""
    try:
        given = ctx.params.get
        asked = Asked(given("api"), bool(given("kubernetes")), given("context"), given("service"))
        api = reach(asked)
        ctx.call_on_close(api.close)
        found = api.get(path, deadline=COMPLETION_DEADLINE)[member]
        return [one for one in found if isinstance(one, dict)]
    except (Failed, click.UsageError, LookupError, TypeError, AttributeError):
        return []


def complete_context(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The contexts of the kubeconfig whose name starts so; none where it cannot be read."""
    return [CompletionItem(name) for name in contexts() if name.startswith(incomplete)]


def on_terminal() -> bool:
    """Whether somebody looks at what is drawn: both streams are terminals that can move the cursor."""
    import os

    return sys.stdout.isatty() and sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "")
