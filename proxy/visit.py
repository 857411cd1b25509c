"""A visit and what the doorman answers to it: the words between the doorman and every engine."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from torpor.words import Address, AppId


@dataclass(slots=True)
class Visit:
    """One request (or upgrade), as far as the doorman cares. Header values are as received, `""` when absent."""

    host: str
    """Normalised: lower case, no port."""
    method: str
    path: str
    """With the query, as received."""
    client: str
    """The visitor's IP address."""
    user_agent: str = ""
    accept: str = ""
    fetch_mode: str = ""
    fetch_dest: str = ""
    purpose: str = ""
    """`Sec-Purpose` or `Purpose`: browsers prefetch what nobody has asked for yet."""
    upgrade: bool = False
    """It asks to switch protocols (WebSocket)."""
    header: Callable[[str], str | None] | None = None
    """The value of any header, by its name in lower case; of several with one name, joined by commas. Asked only where
    a route does."""
    chosen: AppId | None = None
    """The app that the visit is for, once that has been told: it stays so where several share a route."""


class Gone(asyncio.Event):
    """Set by the engine when the client has left. Rings the bell of its visit, so that waiting needs no task."""

    def __init__(self) -> None:
        super().__init__()
        self.bell: Callable[[], None] | None = None

    def set(self) -> None:
        super().set()
        if self.bell is not None:
            self.bell()


@dataclass(slots=True, eq=False)
class Forward:
    """Send the visit to `address`. It counts as in flight from the moment this is handed out, until `Doorman.done`."""

    app: AppId
    address: Address
    counts: bool
    """Whether the visit counts as activity."""
    held: float = 0.0
    """Seconds it was held; 0 when it went straight through."""
    open: bool = True
    """Not yet handed back."""
    failed: bool = False
    """The app broke off before it answered."""
    tried: tuple[Address, ...] = ()
    """Addresses that did not take the visit just before."""


@dataclass(slots=True, eq=False)
class Answer:
    """Torpor's own answer: a page or a refusal, ready to send. Headers do not contain Content-Length."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    app: AppId | None = None


type Verdict = Forward | Answer
