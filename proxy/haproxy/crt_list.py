"""Which certificates HAProxy holds, and which commands turn what it holds into what it should hold. No I/O.

A certificate's name in HAProxy has a digest of what is in it, so the names alone tell what a running HAProxy holds,
also one that an earlier process has started. Another certificate has another name; the new one comes before the old one
goes. Only the first of the list, which HAProxy shows to those who ask for a name that no certificate has, cannot be
taken out: it keeps its name and is given other contents. It stands for no name itself.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:  # an engine without TLS does without the libraries behind it
    from proxy.haproxy.pem import Certificate

FOLDER = "certificates"
LIST = "certificates.list"
DEFAULT = f"{FOLDER}/default.pem"
NOBODY = "default.torpor.invalid"
"""The name that the first of the list is limited to (RFC 6761 section 6.4: nobody has it)."""

_NAME = re.compile(rf"{FOLDER}/([A-Za-z0-9._~-]+)@[0-9a-f]+\.pem")


class Holds(NamedTuple):
    """What HAProxy has."""

    stored: frozenset[str]
    """Names of certificates in its memory."""
    listed: frozenset[str]
    """Those that it serves."""
    pending: str
    """The one that somebody has begun to change."""


class Step(NamedTuple):
    """A change that is made as a whole."""

    name: str
    exchanges: tuple[tuple[str, tuple[str, ...]], ...]
    """Command lines, each with the words that the answer has to hold, in this order."""
    undo: tuple[str, ...] = ()
    """What to say when one was refused."""


def name_of(source: str, certificate: "Certificate") -> str:
    """The certificate's name in HAProxy."""
    return f"{FOLDER}/{label(source)}@{certificate.digest}.pem"


def label_of(name: str) -> str:
    """Of a name in HAProxy, the part that stands for its file, as `label` makes it; nothing when it is none of ours."""
    found = _NAME.fullmatch(name)
    return found[1] if found else ""


def label(source: str) -> str:
    """What stands for a file in the names of its certificates. That of a folder, `name/`, begins those of its files."""
    plain = source.replace("/", "~")
    if "~" not in source and re.fullmatch(r"[A-Za-z0-9._~-]{1,100}", plain):
        return plain
    return "~" + hashlib.blake2b(source.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def default_of(certificates: Mapping[str, "Certificate"]) -> "Certificate":
    """The one for visitors who ask for none of the names: default.pem or default.crt, or else the first by name."""
    return next(
        (certificates[name] for name in ("default.pem", "default.crt") if name in certificates),
        certificates[min(certificates)],
    )


def files(certificates: Mapping[str, "Certificate"]) -> dict[str, str]:
    """What an HAProxy reads that is about to start: the list and the certificates."""
    made = {name_of(source, certificate): certificate.pem for source, certificate in certificates.items()}
    lines = [f"{DEFAULT} {NOBODY}", *sorted(made)]
    return {LIST: "".join(f"{line}\n" for line in lines), DEFAULT: default_of(certificates).pem} | made


def holds(stores: str, entries: str) -> Holds:
    """From the answers to `show ssl cert` and `show ssl crt-list FILE`."""
    stored = [line for line in stores.split("\n") if line.removeprefix("*").startswith(f"{FOLDER}/")]
    pending = next((line[1:] for line in stored if line.startswith("*")), "")
    listed = frozenset(line.split(" ")[0] for line in entries.split("\n") if line.startswith(f"{FOLDER}/"))
    return Holds(frozenset(line for line in stored if not line.startswith("*")), listed, pending)


def steps(
    now: Holds,
    certificates: Mapping[str, "Certificate"],
    default: "Certificate | None",
    stays: Callable[[str], bool],
) -> Iterator[Step]:
    """What to do, in this order. `default` where that one changes; `stays` says of a name that it may not go."""
    wanted = {name_of(source, certificate): certificate for source, certificate in certificates.items()}
    if now.pending:
        yield Step(now.pending, ((f"abort ssl cert {now.pending}", ("aborted",)),))
    for name in sorted(wanted.keys() - now.listed):
        yield _add(name, wanted[name], stored=name in now.stored)
    if default is not None:
        yield Step(
            DEFAULT,
            ((_set(DEFAULT, default), ("Transaction",)), (f"commit ssl cert {DEFAULT}", ("Success",))),
            (f"abort ssl cert {DEFAULT}",),
        )
    for name in sorted((now.stored | now.listed) - wanted.keys() - {DEFAULT}):
        if not stays(name):
            unlist = f"del ssl crt-list {LIST} {name}; " if name in now.listed else ""
            yield Step(name, ((f"{unlist}del ssl cert {name}", ("deleted",) * (2 if unlist else 1)),))


def _add(name: str, certificate: "Certificate", *, stored: bool) -> Step:
    new = "" if stored else f"new ssl cert {name}; "
    return Step(
        name,
        (
            (f"{new}{_set(name, certificate)}", ("Transaction",)),
            (f"commit ssl cert {name}; add ssl crt-list {LIST} {name}", ("Success", "Success")),
        ),
        (f"abort ssl cert {name}", f"del ssl cert {name}"),
    )


def _set(name: str, certificate: "Certificate") -> str:
    """The payload ends with an empty line, which the end of the command makes."""
    return f"set ssl cert {name} <<\n{certificate.pem}"
