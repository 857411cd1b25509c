"""Which engine moves the bytes, and why this one."""

from typing import Literal, NamedTuple

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
    """The engine to use. `auto` is mitmproxy until HAProxy's long runs are through; HAProxy has to be asked for."""
    if wanted == "auto":
        return Choice("mitmproxy", "auto: HAProxy has to be asked for, with engine: haproxy")
    return Choice("haproxy" if wanted == "haproxy" else "mitmproxy", "as the settings say")


def refuse_tls_without_haproxy(choice: Choice, setting: str) -> None:
    """Visitors can come over TLS with HAProxy only. Raises WrongConfiguration that names the setting."""
    if choice.name != "haproxy":
        raise WrongConfiguration(
            f"{setting}: TLS needs the engine HAProxy, and the engine here is {choice}; "
            "install HAProxy 2.6 or later (on Debian: apt-get install haproxy) and choose the engine haproxy"
        )
