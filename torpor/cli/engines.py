"""Which engine moves the bytes, and why this one."""

from typing import Literal, NamedTuple

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
