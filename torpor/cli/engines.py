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
    """The engine to use: HAProxy where a fit one is installed, unless it is said otherwise."""
    if wanted == "mitmproxy":
        return Choice("mitmproxy", "as the settings say")
    if wanted == "haproxy":
        return Choice("haproxy", "as the settings say")
    from proxy.haproxy.program import find_program

    try:
        path, version = find_program()
    except OSError as error:
        return Choice("mitmproxy", f"auto: {error}")
    return Choice("haproxy", f"auto: {version} is installed as {path}")
