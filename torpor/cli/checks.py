"""What `torpor doctor` looks at: one check a function, each finding with its fix.

Nothing is started and nothing is changed.
"""

import errno
import ipaddress
import math
import os
import platform
import resource
import shutil
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from proxy.haproxy.program import find_program
from torpor.cli.api import Api
from torpor.cli.direct import Direct
from torpor.cli.engines import choose
from torpor.cli.failure import Failed
from torpor.cli.findings import Finding, Grade, some
from torpor.cli.urls import base_url
from torpor.cli.where import Where, reachable
from torpor.config import Settings
from torpor.words import Address

RESOLVE = 3.0
"""Seconds for all look-ups of host names together."""
HOSTS = 200
"""Host names looked up; with more, the first ones stand for all."""
PER_VISIT = 2
"""Descriptors: one to the visitor, one to the app; what HAProxy reckons is more."""
OWN = 256
"""Descriptors besides."""


type Check = Callable[[Settings, Path], Iterator[Finding]]


def system_known(settings: Settings, base: Path) -> Iterator[Finding]:
    """The kernel can do what the process runtime asks of it."""
    if (system := platform.system()) != "Linux":
        yield Finding(Grade.WRONG, f"this is {system}; apps run as processes on Linux only", "use a Linux machine")


def commands_found(settings: Settings, base: Path) -> Iterator[Finding]:
    """Every app's program is there and can be executed."""
    fine = True
    for name, app in settings.apps.items():
        directory = app.directory or base
        program = app.command[0].replace("{port}", "0")
        path = app.env.get("PATH", os.environ.get("PATH", os.defpath))
        place = str(directory / program) if "/" in program else program
        if shutil.which(place, path=path) is None:
            fine = False
            there = Path(place).exists() and "/" in program
            fix = f"chmod +x {place}" if there else f"install it, or name it in full in apps.{name}.command"
            yield Finding(Grade.WRONG, f"{name}: {program} " + ("cannot be executed" if there else "is not found"), fix)
    if fine:
        yield Finding(Grade.OK, "every command is found")


def directories_exist(settings: Settings, base: Path) -> Iterator[Finding]:
    """Every app's directory is there, and the logs can be written."""
    for name, app in settings.apps.items():
        directory = app.directory or base
        if not directory.is_dir():
            fix = f"mkdir -p {directory}, or change apps.{name}.directory"
            yield Finding(Grade.WRONG, f"{name}: there is no directory {directory}", fix)
    logs = settings.log_directory
    nearest = next(place for place in (logs, *logs.parents) if place.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        fix = "change log_directory to a place that this user may write to"
        yield Finding(Grade.WRONG, f"the logs cannot be written to {logs}: {nearest} does not let us", fix)
    else:
        yield Finding(Grade.OK, f"the logs can be written to {logs}")


def ports_free(settings: Settings, base: Path) -> Iterator[Finding]:
    """The ports to listen on are free, or Torpor itself has them."""
    if _torpor_runs(settings):
        yield Finding(Grade.OK, f"Torpor is running; its API answers at {base_url(reachable(settings.api))}")
        return
    wanted = [("listen", settings.listen), ("api", settings.api)]
    wanted += [("tls.listen", settings.tls.listen)] if settings.tls else []
    wanted += [(f"apps.{name}.port", ("127.0.0.1", app.port)) for name, app in settings.apps.items() if app.port]
    owner: dict[int, str] = {}
    for setting, (host, port) in wanted:
        if port == 0:
            continue
        if (first := owner.setdefault(port, setting)) != setting:
            yield Finding(Grade.WRONG, f"{setting} and {first} are both port {port}", "change one of them")
        elif (why := _cannot_listen(host, port)) is not None:
            fix = f"change {setting}, or end what has the port (ss -ltnp 'sport = :{port}' says what it is)"
            if why == errno.EACCES:
                fix = f"change {setting} to a port from 1024 on, or allow this user the low ones"
            yield Finding(Grade.WRONG, f"{setting}: {Address(host, port)}: {os.strerror(why).lower()}", fix)
        else:
            yield Finding(Grade.OK, f"{setting}: {Address(host, port)} is free")


def hosts_resolve(settings: Settings, base: Path) -> Iterator[Finding]:
    """The apps' host names lead to this machine."""
    names = list(dict.fromkeys(host.partition("/")[0] for app in settings.apps.values() for host in app.hosts))
    asked = [name.replace("*.", "any.") for name in names[:HOSTS]]
    pool = ThreadPoolExecutor(16, thread_name_prefix="resolve")
    answers = [(name, pool.submit(_resolve, name)) for name in asked]
    pool.shutdown(wait=False)
    silent, elsewhere = [], []
    for name, answer in answers:
        try:
            found = answer.result(RESOLVE)
        except (OSError, TimeoutError):
            silent.append(name)
            continue
        if _is_localhost(name) and not all(ipaddress.ip_address(one).is_loopback for one in found):
            elsewhere.append(f"{name} → {', '.join(sorted(found))}")
    port = settings.listen[1]
    if elsewhere:
        fix = "RFC 6761 says that *.localhost is this machine; mend /etc/hosts or the DNS server"
        yield Finding(Grade.WRONG, f"not this machine: {'; '.join(elsewhere[:5])}", fix)
    if local := [name for name in silent if _is_localhost(name)]:
        text = f"this machine's resolver does not know {some(local)}; browsers and curl do, other programs may not"
        fix = f"add to /etc/hosts: 127.0.0.1 {' '.join(local[:5])}; or try: curl -H 'Host: {local[0]}' 127.0.0.1:{port}"
        yield Finding(Grade.NOTE, text, fix)
    if other := [name for name in silent if not _is_localhost(name)]:
        fix = f"add them to DNS, or to /etc/hosts: 127.0.0.1 {' '.join(other[:5])}"
        yield Finding(Grade.WRONG, f"nobody knows {some(other)}", fix)
    if asked and not silent and not elsewhere:
        yield Finding(Grade.OK, "every host is known")


def every_app_wakes(settings: Settings, base: Path) -> Iterator[Finding]:
    """Every app can be reached by a visit or is needed by one that can."""
    needed = {need for app in settings.apps.values() for need in app.needs}
    for name, app in settings.apps.items():
        if not app.hosts and name not in needed:
            text = f"{name}: no host leads to it and no app needs it; only `torpor wake {name}` wakes it"
            yield Finding(Grade.NOTE, text, f"give it hosts, such as apps.{name}.hosts: [{name}.localhost]")
    if not settings.apps:
        yield Finding(Grade.NOTE, "there are no apps", "`torpor config` shows how to name them")


def engine_available(settings: Settings, base: Path) -> Iterator[Finding]:
    """What moves the bytes is installed."""
    choice = choose(settings.engine)
    if choice.name == "mitmproxy":
        try:
            yield Finding(Grade.OK, f"the engine is mitmproxy {version('mitmproxy')} ({choice.why})")
        except PackageNotFoundError:
            fix = "install Torpor with its dependencies: make setup"
            yield Finding(Grade.WRONG, "the engine mitmproxy is not installed", fix)
        return
    try:
        path, number = find_program()
    except OSError as error:
        yield Finding(Grade.WRONG, str(error), "apt-get install haproxy, or set engine: auto")
    else:
        yield Finding(Grade.OK, f"the engine is HAProxy {number} ({path})")


def certificates_fine(settings: Settings, base: Path) -> Iterator[Finding]:
    """What TLS needs is there."""
    if settings.tls is None:
        return
    if (choice := choose(settings.engine)).name != "haproxy":
        yield Finding(
            Grade.WRONG, f"tls needs the engine HAProxy; it is {choice}", "set engine: haproxy, or take tls out"
        )
    from proxy.haproxy.certificates import read_directory  # here: only with TLS is it worth its import
    from proxy.haproxy.pem import now

    directory = settings.tls.certificates
    fix = "put there NAME.pem with chain and key, or NAME.crt and NAME.key"
    try:
        found = read_directory(directory)
    except OSError as error:
        yield Finding(Grade.WRONG, str(error), f"{fix}; or change tls.certificates")
        return
    fine = [(one.source, one.certificate) for one in found if one.certificate is not None]
    for one in found:
        if one.certificate is None:
            yield Finding(
                Grade.WRONG, f"certificate {one.source} {one.trouble}", f"replace it, or take it out of {directory}"
            )
    for source, certificate in fine:
        if doubt := certificate.doubt(now()):
            yield Finding(Grade.NOTE, f"certificate {source} {doubt}", f"put the new one into {directory}")
    if fine:
        names = sorted({name for _, certificate in fine for name in certificate.names})
        yield Finding(Grade.OK, f"certificates for {some(names)}")
    elif not found:
        yield Finding(Grade.WRONG, f"there is no certificate in {directory}", fix)


def brand_fine(settings: Settings, base: Path) -> Iterator[Finding]:
    """The pages can look as they are to."""
    if settings.brand is None:
        return
    from proxy.pages.brand import examine  # here: only with a brand is it worth its import

    look, mistakes = examine(settings.brand)
    for mistake in mistakes:
        yield Finding(Grade.WRONG, mistake, "mend it and restart; until then pages look like Torpor's own")
    if look is not None:
        yield Finding(Grade.OK, f"the pages look as {settings.brand} says")


def enough_descriptors(settings: Settings, base: Path) -> Iterator[Finding]:
    """As many visits as may be held can be held."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    each: float = PER_VISIT
    if choose(settings.engine).name == "haproxy":
        from proxy.haproxy.engine import FDS_PER_CONNECTION  # here: only then is it worth its import

        each = FDS_PER_CONNECTION
    wanted = math.ceil(settings.max_held * each) + OWN
    if hard == resource.RLIM_INFINITY or hard >= wanted:
        yield Finding(Grade.OK, f"enough open files for {settings.max_held} held visits")
        return
    fix = f"ulimit -Hn {wanted} (or LimitNOFILE= of the service), or lower max_held"
    yield Finding(Grade.NOTE, f"{hard} open files at most; {settings.max_held} held visits want {wanted}", fix)


def api_guarded(settings: Settings, base: Path) -> Iterator[Finding]:
    """An API that others can reach wants a token."""
    host = settings.api[0]
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    if not local and settings.token is None:
        text = f"the API listens on {Address(*settings.api)} for everybody: anyone may wake apps, put them to sleep"
        text += " and read what they write"
        yield Finding(Grade.WRONG, text, "set TORPOR_TOKEN, or change api to 127.0.0.1:8081")


CHECKS: tuple[Check, ...] = (
    system_known,
    engine_available,
    certificates_fine,
    brand_fine,
    commands_found,
    directories_exist,
    ports_free,
    hosts_resolve,
    every_app_wakes,
    enough_descriptors,
    api_guarded,
)


def _torpor_runs(settings: Settings) -> bool:
    if settings.api[1] == 0:
        return False
    try:
        Api(Direct(Where(base_url(reachable(settings.api)), settings.token or ""))).get("/v1/apps", deadline=2.0)
    except Failed:
        return False
    return True


def _cannot_listen(host: str, port: int) -> int | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            return error.errno or errno.EADDRNOTAVAIL
    return None


def _resolve(name: str) -> set[str]:
    return {str(entry[4][0]).partition("%")[0] for entry in socket.getaddrinfo(name, None, proto=socket.IPPROTO_TCP)}


def _is_localhost(name: str) -> bool:
    return name == "localhost" or name.endswith(".localhost")
