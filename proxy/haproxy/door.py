"""The door between HAProxy and the doorman: a local socket on which doorman.lua asks what to do with a visit.

One connection a question. The question is a line with its length, then its fields, a line each; a request's head cannot
hold a line feed. The answer is `forward ADDRESS PORT MILLISECONDS-HELD ACCOUNT`; or `answer STATUS FIELDS BYTES
REASON`, the header fields a line each, and the body, the next `PIECE` bytes of it whenever HAProxy says `more`. A
connection that closes before says that HAProxy does not want to know. The question `begun` has no answer: a worker of
HAProxy has begun. `there` asks for any answer, and `emptied` the same when it has come too late: HAProxy knows no
address any more.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from pathlib import Path

from proxy.doorman import PROGRESS, Doorman
from proxy.forwarded import Trust
from proxy.haproxy.activity import UNCOUNTED
from proxy.haproxy.maps import key_of
from proxy.table import AppTable
from proxy.visit import Answer, Forward, Gone, Verdict, Visit
from torpor.routes import normalise_host
from torpor.words import Address, AppId

logger = logging.getLogger(__name__)

FIELDS = (
    "how", "method", "path", "peer", "refused", "refused_port", "tries",
    "host", "user-agent", "accept", "sec-fetch-mode", "sec-fetch-dest", "sec-purpose", "purpose", "upgrade",
    "x-forwarded-for", "forwarded", "app",
)  # fmt: skip
"""What doorman.lua tells, in this order; the last two headers only where somebody may be believed, and then which app
HAProxy takes the visit for. Behind that are headers it was asked for: `name=value`, or `name` where there is none."""
BACKLOG = 4096
LONGEST = 64 * 1024
"""Bytes of a question; HAProxy takes no longer heads than its buffer of 16 KiB."""
PIECE = 12_000
"""Bytes of a body at once, as answers.lua has it."""
TRIES = 3
"""Times that a visit may come back from an address that does take connections."""
CONNECT_TIMEOUT = 5.0
NOT_TAKEN = "the connection was refused or not answered in time"


class Door:
    """Where HAProxy asks. The tasks of visits that have to wait belong to the engine's group."""

    def __init__(
        self,
        doorman: Doorman,
        table: AppTable,
        trust: Trust,
        tasks: asyncio.TaskGroup,
        asked: Callable[[AppId], None],
        begun: Callable[[], None],
        emptied: Callable[[], None],
        named: Callable[[str], AppId | None],
    ) -> None:
        """`asked` is called for each visit to an app, `begun` when a worker of HAProxy has just begun, `emptied` when
        one has emptied its fast lane; `named` says which app HAProxy calls so."""
        self.doorman = doorman
        self._table = table
        self._trust = trust
        self._tasks = tasks
        self._asked = asked
        self.begun = begun
        self.emptied = emptied
        self._named = named
        self._open: set[_Question] = set()

    async def open(self, path: Path) -> None:
        """Listen on a Unix socket, in place of whoever listened there before. Raises OSError."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: _Question(self), path, backlog=BACKLOG)
        await asyncio.to_thread(path.chmod, 0o600)  # nobody gets so far as to try, but every socket here has it

    def close(self) -> None:
        """Listen no more and let go of everybody who waits."""
        self._server.close()
        for question in list(self._open):
            question.drop()

    def enter(self, question: "_Question") -> None:
        """Somebody asks."""
        self._open.add(question)

    def leave(self, question: "_Question") -> None:
        """Somebody has been answered, or does not wait any longer."""
        self._open.discard(question)

    def spawn(self, work: Coroutine[None, None, None]) -> None:
        """Run what has to wait."""
        self._tasks.create_task(work)

    def visit(self, said: dict[str, str], header: Callable[[str], str | None]) -> Visit:
        """The visit that a question is about."""
        told = [(name.encode(), said[name].encode()) for name in ("x-forwarded-for", "forwarded") if said[name]]
        return Visit(
            host=normalise_host(said["host"]),
            method=said["method"],
            path=said["path"],
            client=self._trust.forward(said["peer"], told, b"").client,
            user_agent=said["user-agent"],
            accept=said["accept"],
            fetch_mode=said["sec-fetch-mode"],
            fetch_dest=said["sec-fetch-dest"],
            purpose=said["sec-purpose"] or said["purpose"],
            upgrade=bool(said["upgrade"]),
            header=header,
            chosen=self._named(said["app"]),
        )

    def glance(self, visit: Visit) -> Verdict | None:
        """What can be answered at once."""
        if not visit.path.startswith(PROGRESS) and (known := self.doorman.find(visit)):
            self._asked(known.view.id)
        return self.doorman.glance(visit)

    async def again(self, visit: Visit, refused: Address, tries: int, gone: Gone) -> Verdict:
        """An address did not take the visit. The next one is tried here first: HAProxy should not come back often."""
        known = self._table.get(visit.chosen) if visit.chosen is not None else None
        if known is None:
            return await self.doorman.admit(visit, gone)
        forward = Forward(known.view.id, refused, counts=False, open=False)
        verdict = await self.doorman.again(visit, forward, NOT_TAKEN, gone)
        while isinstance(verdict, Forward) and (error := await _try(verdict.address)):
            verdict = await self.doorman.again(visit, verdict, error, gone)
        if isinstance(verdict, Forward) and tries > TRIES:
            reason = "it takes connections, but does not speak the protocol (gRPC needs HTTP/2 without TLS)"
            answer = self.doorman.broken(visit, verdict, reason)
            self.doorman.done(verdict)
            return answer
        return verdict


class _Question(asyncio.Protocol):
    """One connection."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._gone = Gone()
        self._heard = b""
        self._understood = False
        self._rest: list[bytes] = []
        """What is left to say, a piece whenever HAProxy asks for more."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker: a stream socket's is one
        self._transport = transport
        self._door.enter(self)

    def data_received(self, data: bytes) -> None:
        if self._understood:
            self._go_on()
            return
        self._heard += data
        size, found, rest = self._heard.partition(b"\n")
        if len(self._heard) > LONGEST or (found and not size.isdigit()):
            self._transport.abort()
        elif found and len(rest) >= int(size):
            self._understood = True
            self._heard = b""
            words = rest.decode("utf-8", "replace").split("\n")
            self._ask(dict(zip(FIELDS, words + [""] * len(FIELDS), strict=False)), _Told(words[len(FIELDS) :]))

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        self._door.leave(self)

    def drop(self) -> None:
        self._transport.abort()

    def _ask(self, said: dict[str, str], told: "_Told") -> None:
        if said["how"] in ("begun", "there", "emptied"):
            self._about_itself(said["how"])
            return
        visit = self._door.visit(said, told)
        returned = said["how"] == "again" and said["refused_port"].isdecimal()
        if not (returned and visit.chosen):
            self._door.doorman.find(visit)
        if told.unheard:
            self._transport.write(f"tell {' '.join(told.unheard)}\n".encode())
            self._transport.close()
            return
        if returned:
            refused = Address(said["refused"], int(said["refused_port"]))
            self._door.spawn(self._later(visit, self._door.again(visit, refused, len(said["tries"]), self._gone)))
        elif (verdict := self._door.glance(visit)) is not None:
            self._answer(verdict)
        elif visit.path.startswith(PROGRESS):
            self._door.spawn(self._later(visit, self._door.doorman.admit(visit, self._gone)))
        else:
            self._door.doorman.hold(visit, self._gone, self._answer)

    def _about_itself(self, how: str) -> None:
        if how == "begun":
            self._door.begun()
        elif how == "emptied":
            self._door.emptied()
        self._transport.write(b"here\n")
        self._transport.close()

    async def _later(self, visit: Visit, verdict: Coroutine[None, None, Verdict]) -> None:
        try:
            self._answer(await verdict)
        except Exception:  # a mistake of ours costs this visit, not the proxy
            logger.exception("no verdict on %s %s", visit.method, visit.host)
            self._transport.abort()

    def _answer(self, verdict: Verdict) -> None:
        """Say it. HAProxy counts the visit since before it asked, so a Forward is handed back at once."""
        if isinstance(verdict, Forward):
            host, port = verdict.address
            self._transport.write(f"forward {host} {port} {verdict.held * 1000:.1f} {account(verdict)}\n".encode())
            self._door.doorman.done(verdict)
            self._transport.close()
        else:
            self._rest = _encode(verdict)
            self._go_on()

    def _go_on(self) -> None:
        if self._rest:
            self._transport.write(self._rest.pop(0))
            if not self._rest:
                self._transport.close()


class _Told:
    """The headers of a visit as far as they were told, and the names of those that it would take as well."""

    def __init__(self, words: list[str]) -> None:
        self._values = {
            name: value if found else None for name, found, value in (word.partition("=") for word in words)
        }
        self.unheard: dict[str, None] = {}

    def __call__(self, name: str) -> str | None:
        if name not in self._values:
            self.unheard[name] = None
        return self._values.get(name)


def account(forward: Forward) -> str:
    """Where HAProxy counts this visit; it may not have known the app."""
    return key_of(forward.app) + ("" if forward.counts else UNCOUNTED)


def _encode(answer: Answer) -> list[bytes]:
    """Its pieces; the first one has the head."""
    body = answer.body
    fields = [*answer.headers, ("Content-Length", str(len(body)))]
    lines = [f"answer {answer.status} {len(fields)} {len(body)} {HTTPStatus(answer.status).phrase}"]
    lines += [" ".join(f"{name}: {value}".splitlines()) for name, value in fields]
    first = "\n".join([*lines, ""]).encode() + body[:PIECE]
    return [first, *(body[at : at + PIECE] for at in range(PIECE, len(body), PIECE))]


async def _try(address: Address) -> str:
    """What is wrong with connecting there; nothing when it works."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection(*address)
    except TimeoutError:
        return f"no connection within {CONNECT_TIMEOUT:g} s"
    except OSError as error:
        return error.strerror or str(error)
    writer.transport.abort()
    return ""
