"""A doorman with a clock turned by hand and a bell that writes down who knocked."""

import asyncio
from dataclasses import dataclass, field

from proxy.doorman import Doorman
from proxy.ledger import Ledger
from proxy.table import AppTable
from proxy.visit import Visit
from torpor.link import AppView, Down, Knock, Policy
from torpor.words import Address, Phase

HERE = Address("127.0.0.1", 4000)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def browser(path: str = "/", **more: object) -> Visit:
    """A person's navigation."""
    made = Visit("a.localhost", "GET", path, "192.0.2.1", FIREFOX, HTML, "navigate", "document")
    for name, value in more.items():
        setattr(made, name, value)
    return made


def program(path: str = "/", **more: object) -> Visit:
    """A script's request."""
    made = Visit("a.localhost", "GET", path, "192.0.2.1", "curl/8.0", "*/*")
    for name, value in more.items():
        setattr(made, name, value)
    return made


@dataclass
class Porch:
    """Everything a doorman needs."""

    time: float = 1000.0
    sent: list[Knock | Down] = field(default_factory=list)
    epoch: int = 0

    def __post_init__(self) -> None:
        self.table = AppTable(self.now)
        self.ledger = Ledger(self.now)
        self.doorman = Doorman(self.table, self.ledger, self, max_held=5)
        self.table.linked = True

    def now(self) -> float:
        return self.time

    def send(self, message: Knock | Down) -> None:
        self.sent.append(message)

    @property
    def knocks(self) -> int:
        return sum(isinstance(message, Knock) for message in self.sent)

    def app(self, phase: Phase, **more: object) -> None:
        """The scaler tells how app `a` stands."""
        self.epoch += 1
        addresses = (HERE,) if phase in (Phase.AWAKE, Phase.DRAINING) else ()
        members = {"id": "a", "routes": ("a.localhost",), "phase": phase, "epoch": self.epoch, "addresses": addresses}
        self.table.change(AppView.model_validate(members | more))

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)


def policy(**more: object) -> Policy:
    """A policy with some members changed."""
    return Policy.model_validate(more)
