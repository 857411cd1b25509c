"""`torpor proxy`: one proxy process, as on a cluster, or as the child of `torpor up`."""

import asyncio
import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from torpor.cli.engines import ENGINES, Choice, EngineName, choose, refuse_tls_without_haproxy
from torpor.cli.options import DurationType, EndpointType, log_level_option

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from proxy.haproxy.configuration import Tls
    from proxy.server import EngineFactory, House


log = logging.getLogger(__name__)

SUPERVISED_ORPHAN = 20.0
"""Seconds that HAProxy serves on without us when `torpor up` looks after us, which starts the next one at once."""
SUPERVISED_LINGER = 0.0
"""Seconds that kept connections have in the end under `torpor up`: somebody has pressed Ctrl-C and waits, and there is
no other proxy to go to."""


@click.command("proxy")
@click.option(
    "--link",
    "links",
    required=True,
    multiple=True,
    metavar="URL",
    callback=lambda _ctx, _param, links: [_checked(given) for given in links],
    help="Where the scaler's API is, such as http://10.0.0.7:8081. May be given often, and a name may have several "
    "addresses: the scaler that leads is found among them.",
)
@click.option("--listen", required=True, type=EndpointType(), help="Where visitors come in, such as 0.0.0.0:8080.")
@click.option("--tls-listen", type=EndpointType(), help="Where visitors come in over TLS, such as 0.0.0.0:8443.")
@click.option(
    "--certificates",
    type=click.Path(path_type=Path, readable=False),  # what is wrong there may pass, and an HAProxy may be running
    metavar="DIRECTORY",
    help="Certificates and their keys, for --tls-listen: NAME.pem that holds both, or NAME.crt and NAME.key. "
    "Looked at every few seconds, and at once on SIGHUP.",
)
@click.option("--redirect-to-https", is_flag=True, help="Send visitors who come without TLS to it.")
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="What moves the bytes; auto: HAProxy where 2.6 or later is installed, else mitmproxy.",
)
@click.option(
    "--state-directory",
    type=click.Path(path_type=Path),
    help="Where HAProxy's configuration and sockets are; a proxy that is restarted finds its HAProxy there. "
    "Default: one for each listen address, in $XDG_RUNTIME_DIR, else in /run for root and in /tmp for others.",
)
@click.option(
    "--trusted-proxy",
    "trusted_proxies",
    multiple=True,
    metavar="NETWORK",
    help="A network whose X-Forwarded-* and Forwarded headers are believed. May be given often.",
)
@click.option(
    "--max-held", type=click.IntRange(1, 100_000), default=10_000, show_default=True, help="Visits held at once."
)
@click.option(
    "--max-connections",
    type=click.IntRange(10, 100_000),
    help="Visitors' connections at once. Default: as many as the limit on open files allows, at most 50000 with "
    "HAProxy and 10000 with mitmproxy.",
)
@click.option(
    "--drain-timeout",
    type=DurationType(),
    default="30s",
    show_default=True,
    help="How long visits in flight may take to end after SIGTERM.",
)
@click.option(
    "--brand",
    type=click.Path(path_type=Path, readable=False),  # a brand that cannot be used keeps nobody from his app
    metavar="DIRECTORY",
    help="How the waiting page and the other pages look: style.css, logo.svg and templates, each of them optional. A "
    "mistake in it is logged, and pages look like Torpor's own then.",
)
@click.option(
    "--link-token-file",
    type=click.Path(path_type=Path),
    help="Holds the token of the link, and is read again for each new link. Default: the environment, "
    "TORPOR_LINK_TOKEN.",
)
@log_level_option
@click.option("--supervised-by", type=int, hidden=True)
def command(
    links: list[str],
    listen: tuple[str, int],
    tls_listen: tuple[str, int] | None,
    certificates: Path | None,
    redirect_to_https: bool,
    engine: str,
    state_directory: Path | None,
    trusted_proxies: tuple[str, ...],
    max_held: int,
    max_connections: int | None,
    drain_timeout: float,
    brand: Path | None,
    link_token_file: Path | None,
    log_level: str | None,
    supervised_by: int | None,
) -> None:
    """Run one proxy, linked to a scaler that runs elsewhere (`torpor scaler`). SIGTERM drains it.

    \b
    TORPOR_LINK_TOKEN=… torpor proxy --link http://10.0.0.7:8081 --listen 0.0.0.0:8080
    """
    from torpor.cli.guard import end_with_parent
    from torpor.cli.limits import raise_fd_limit
    from torpor.cli.logs import ForParent, OneLine, set_up
    from torpor.cli.supplied import link_token, read_again

    tls = _tls(tls_listen, certificates, redirect_to_https)
    if supervised_by is not None:
        end_with_parent(supervised_by)
    token = link_token(link_token_file)
    kind = ForParent if supervised_by is not None else OneLine
    set_up(log_level, formatter=kind([token]))
    raise_fd_limit()
    choice = choose(engine)
    if supervised_by is None:  # else whoever has chosen says why
        log.info("the engine is %s", choice)
    look = asyncio.Event()
    made = _engine(choice, listen, tls, look, trusted_proxies, max_connections, state_directory, supervised_by)
    asyncio.run(_serve(links, read_again(link_token_file, token), made, max_held, drain_timeout, brand, look))


async def _serve(
    links: "Sequence[str]",
    token: "Callable[[], str]",
    made: "tuple[EngineName, EngineFactory, float]",
    max_held: int,
    drain_timeout: float,
    brand: Path | None,
    look: asyncio.Event,
) -> None:
    from proxy.server import serve_proxy
    from torpor.cli.signals import reload_on_hangup, stop_on_signals
    from torpor.cli.trouble import as_failure

    stop = asyncio.Event()
    stop_on_signals(stop, lambda: None)
    reload_on_hangup(look, stop)
    try:
        await serve_proxy(
            links=links,
            link_token=token,
            engine=made[1],
            engine_name=made[0],
            alone=made[2],
            max_held=max_held,
            drain_timeout=drain_timeout,
            brand=brand,
            on_ready=_say_where,
            stop=stop,
        )
    except (OSError, BaseExceptionGroup) as raised:
        raise as_failure(raised) from None


def _engine(
    choice: Choice,
    listen: tuple[str, int],
    tls: "Tls | None",
    look: asyncio.Event,
    trusted: tuple[str, ...],
    max_connections: int | None,
    state_directory: Path | None,
    supervised_by: int | None,
) -> "tuple[EngineName, EngineFactory, float]":
    """Which engine, how to make it, and how many seconds it may go on forwarding without us."""
    if tls is not None:
        refuse_tls_without_haproxy(choice, "--tls-listen")
    from proxy.server import LINGER

    linger = LINGER if supervised_by is None else SUPERVISED_LINGER
    if choice.name == "mitmproxy":
        from addons.engine import MitmproxyEngine

        def mitmproxy(house: "House") -> MitmproxyEngine:
            return MitmproxyEngine(
                house.doorman, listen=listen, trusted_proxies=trusted, max_connections=max_connections, linger=linger
            )

        return choice.name, mitmproxy, 0.0
    from proxy.haproxy.engine import ENDING, ORPHAN, HaproxyEngine
    from proxy.haproxy.state import default_directory

    host, port = listen
    name = f"proxy-{host.replace(':', '_')}-{port or os.getpid()}"
    orphan = ORPHAN if supervised_by is None else SUPERVISED_ORPHAN

    def haproxy(house: "House") -> HaproxyEngine:
        return HaproxyEngine(
            house,
            listen=listen,
            tls=tls,
            certificates_changed=look,
            trusted_proxies=trusted,
            max_connections=max_connections,
            state_directory=state_directory or default_directory(name),
            orphan=orphan,
            linger=linger,
        )

    return choice.name, haproxy, orphan + ENDING


def _checked(link: str) -> str:
    parts = urlsplit(link)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.BadParameter(f"{link!r} is not where a scaler's API can be; allowed is http://HOST:PORT")
    return link


def _tls(listen: tuple[str, int] | None, certificates: Path | None, redirect: bool) -> "Tls | None":
    if listen is None and certificates is None and not redirect:
        return None
    if listen is None or certificates is None:
        raise click.UsageError("TLS takes both: --tls-listen HOST:PORT and --certificates DIRECTORY")
    from proxy.haproxy.configuration import Tls

    return Tls(listen, certificates.absolute(), redirect)


def _say_where(addresses: list[tuple[str, int]]) -> None:
    from torpor.words import Address

    click.echo(json.dumps(dict(zip(("listen", "tls"), (str(Address(*one)) for one in addresses), strict=False))))
