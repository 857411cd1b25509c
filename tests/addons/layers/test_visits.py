"""The layers without any I/O: events in, commands out."""

from collections.abc import Iterator

from mitmproxy.connection import Client, Server
from mitmproxy.options import Options
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.context import Context

from addons.layers.commands import AbortConnection, ClientOverdue, LingerAndClose
from addons.layers.visits import HEAD_TIMEOUT, IDLE_TIMEOUT, VisitLayer
from proxy.visit import Answer

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Play:
    """A layer, the hooks answered as told, and what it has sent."""

    def __init__(self) -> None:
        self.client = Client(peername=("192.0.2.1", 1), sockname=("192.0.2.2", 80), timestamp_start=0)
        self.draining = False
        self.layer = VisitLayer(Context(self.client, Options()), refuse, lambda: self.draining)
        self.waiting: list[commands.Command] = []
        self.other: list[commands.Command] = []
        self.hooks: list[str] = []
        self.servers: list[Server] = []
        self.sent: dict[object, bytes] = {}

    def feed(self, event: events.Event) -> None:
        for command in list(self.layer.handle_event(event)):
            match command:
                case commands.SendData():
                    self.sent[command.connection] = self.sent.get(command.connection, b"") + command.data
                case commands.StartHook():
                    self.hooks.append(command.name)
                    self.waiting += [command] if command.blocking else []
                case commands.OpenConnection():
                    self.servers.append(command.connection)
                    self.waiting.append(command)
                case _:
                    self.other.append(command)

    def client_sends(self, data: bytes) -> None:
        self.feed(events.DataReceived(self.client, data))

    def server_sends(self, data: bytes) -> None:
        self.feed(events.DataReceived(self.servers[-1], data))

    def go_on(self, reply: str | None = None) -> None:
        """Complete what the layer waits for."""
        command = self.waiting.pop(0)
        if isinstance(command, commands.OpenConnection):
            self.feed(events.OpenConnectionCompleted(command, reply))
        else:
            assert isinstance(command, commands.StartHook)
            self.feed(events.HookCompleted(command))

    def kinds(self) -> Iterator[type]:
        return (type(command) for command in self.other)


def refuse(status: int, detail: str) -> Answer:
    return Answer(status, [], detail.encode())


def test_a_visit_waits_for_its_verdict_its_connection_and_its_answer() -> None:
    play = Play()
    play.client_sends(GET)
    assert play.hooks == ["requestheaders"]
    assert play.servers == []
    play.go_on()
    assert len(play.servers) == 1
    assert play.sent == {}
    play.go_on()
    assert play.sent == {play.servers[0]: b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"}
    play.server_sends(OK)
    assert play.client not in play.sent
    play.go_on()
    assert play.sent[play.client] == OK
    assert play.hooks == ["requestheaders", "responseheaders", "visit_ended"]
    assert play.layer.idle


def test_the_body_of_a_held_visit_is_not_taken() -> None:
    play = Play()
    play.client_sends(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + bytes(50))
    assert play.layer.backlog == 50
    play.client_sends(bytes(50))
    assert play.layer.backlog == 100
    play.go_on()
    play.go_on()
    assert play.layer.backlog == 0
    assert play.sent[play.servers[0]].endswith(b"\r\n\r\n" + bytes(100))


def test_a_pipelined_request_waits_its_turn() -> None:
    play = Play()
    play.client_sends(GET + GET)
    assert play.hooks == ["requestheaders"]
    assert play.layer.backlog == len(GET)
    play.go_on()
    play.go_on()
    play.server_sends(OK)
    play.go_on()
    [turn] = play.other
    assert isinstance(turn, commands.RequestWakeup)
    assert play.layer.visits == 1
    play.feed(events.Wakeup(turn))
    assert play.layer.visits == 2


def test_patience_is_for_the_client_and_ends_with_its_head() -> None:
    play = Play()
    assert play.layer.patience == HEAD_TIMEOUT
    play.client_sends(GET[:5])
    assert play.layer.patience == HEAD_TIMEOUT
    play.client_sends(GET[5:])
    assert play.layer.patience is None
    play.go_on()
    play.go_on()
    play.server_sends(OK)
    play.go_on()
    assert play.layer.patience == IDLE_TIMEOUT


def test_a_head_that_is_overdue_is_told_and_a_silent_client_is_not() -> None:
    silent, slow = Play(), Play()
    slow.client_sends(GET[:5])
    for play in (silent, slow):
        play.feed(ClientOverdue())
    assert list(silent.kinds()) == [commands.CloseConnection]
    assert silent.sent == {}
    assert slow.sent[slow.client].startswith(b"HTTP/1.1 408 ")
    assert list(slow.kinds()) == [LingerAndClose]


def test_a_drain_closes_after_the_visit_under_way() -> None:
    play = Play()
    play.client_sends(GET)
    play.go_on()
    play.go_on()
    play.draining = True
    play.server_sends(OK)
    play.go_on()
    assert b"\r\nConnection: close\r\n" in play.sent[play.client]
    assert list(play.kinds()) == [commands.CloseConnection]


def test_an_answer_that_breaks_off_aborts_the_client() -> None:
    play = Play()
    play.client_sends(GET)
    play.go_on()
    play.go_on()
    play.server_sends(OK[:-1])
    play.go_on()
    play.feed(events.ConnectionClosed(play.servers[0]))
    assert AbortConnection in play.kinds()


def test_nothing_is_left_of_a_visit_that_has_ended() -> None:
    play = Play()
    for _ in range(3):
        layers = list(play.layer.context.layers)
        play.client_sends(GET)
        play.go_on()
        if play.waiting:
            play.go_on()
        play.server_sends(OK)
        play.go_on()
        assert play.layer.context.layers == layers
    assert len(play.servers) == 1
