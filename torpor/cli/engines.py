"""Which engine moves the bytes, and why this one."""

from typing import Literal, NamedTuple

from proxy.haproxy.program import find_program
from torpor.cli.failure import WrongConfiguration

type EngineName = Literal["mitmproxy", "haproxy"]
ENGINES = ("auto", "mitmproxy", "haproxy")


class Choice(NamedTuple):
    """An engine and the reason, for people."""

    name: EngineName
    why: str

    def __str__(self) -> str:
        return f"{'HAProxy' if self.name == 'haproxy' else 'mitmproxy'} ({self.why})"


def choose(wanted: str) -> Choice:
    """The engine to use: for `auto` HAProxy where one is installed that will do, mitmproxy elsewhere."""
    if wanted != "auto":
        return Choice("haproxy" if wanted == "haproxy" else "mitmproxy", "as the settings say")
    try:
        path, number = find_program()
    except OSError as error:
        return Choice("mitmproxy", f"auto: {error}")
    return Choice("haproxy", f"auto: {path} is HAProxy {number}")


def refuse_tls_without_haproxy(choice: Choice, setting: str) -> None:
    """Visitors can come over TLS with HAProxy only. Raises WrongConfiguration that names the setting."""
    if choice.name != "haproxy":
        raise WrongConfiguration(
            f"{setting}: TLS needs the engine HAProxy, and the engine here is {choice}; "
            "install HAProxy 2.6 or later (on Debian: apt-get install haproxy) and choose the engine haproxy"
        )
