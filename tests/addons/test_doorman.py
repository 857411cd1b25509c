"""The real doorman at the engine's door: the port fits, and the ledger is right."""

from addons.doorman import Doorman as Port
from addons.engine import MitmproxyEngine
from proxy.doorman import Doorman
from proxy.ledger import Ledger
from proxy.table import AppTable
from tests.addons.doubles import App, Visitor, request, until
from torpor.link import AppView, Down, Knock
from torpor.words import Phase


class Bell:
    def __init__(self) -> None:
        self.rung: list[Knock | Down] = []

    def send(self, message: Knock | Down) -> None:
        self.rung.append(message)


async def test_a_held_visit_is_answered_when_its_app_is_awake() -> None:
    table, ledger, bell = AppTable(), Ledger(), Bell()
    table.linked = True
    doorman: Port = Doorman(table, ledger, bell)
    view = AppView(id="app", routes=("app.localhost",), phase=Phase.ASLEEP, epoch=1)
    async with App() as app, MitmproxyEngine(doorman, listen=("127.0.0.1", 0)) as engine:
        table.change(view)
        visitor = await Visitor.to(engine)
        visitor.send(request("GET", "/x"))
        await until(lambda: ledger.held == 1)
        assert [type(message) for message in bell.rung] == [Knock]
        awake = {"phase": Phase.AWAKE, "epoch": 2, "addresses": (app.address,)}
        table.change(view.model_copy(update=awake))
        got = await visitor.answer()
        assert (got.status, got.body) == (200, b"hello")
        assert got.headers["server-timing"].startswith("torpor;dur=")
        await until(lambda: ledger.entry("app").in_flight == 0)
        assert ledger.held == 0
        assert (await visitor.get("/", "Host: nowhere.localhost")).status == 404
        await visitor.leave()
