import pytest

from torpor import link
from torpor.words import Address, Phase


def test_a_message_reads_back_as_it_was_written() -> None:
    view = link.AppView(id="a", routes=("h/x",), phase=Phase.AWAKE, epoch=3, addresses=(Address("127.0.0.1", 80),))
    for down in (link.Snapshot(apps=(view,)), link.Changed(app=view), link.Removed(app="a"), link.Beat()):
        assert link.read_from_scaler(link.write(down)) == down
    work = link.Work(in_flight=1, busy=2, held=3, idle_for=0.5)
    counts = {"a": link.Counts(requests={"fast forwarded": 2}, hold_seconds=[0.1])}
    for up in (link.Drained(app="a", epoch=1, work=work), link.Activity(apps={"a": work}, counts=counts), link.Bye()):
        assert link.read_from_proxy(link.write(up)) == up


def test_an_address_stays_an_address() -> None:
    view = link.AppView(id="a", phase=Phase.AWAKE, epoch=1, addresses=(Address("::1", 80),))
    read = link.read_from_scaler(link.write(link.Changed(app=view)))
    assert isinstance(read, link.Changed)
    assert str(read.app.addresses[0]) == "[::1]:80"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"kind":"knock"}', '{"kind":"snapshot","apps":[]}', "\0", "{" * 10_000]
)
def test_nonsense_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - what it says is pydantic's business
        link.read_from_proxy(text)


def test_what_a_newer_peer_says_more_is_passed_over() -> None:
    assert link.read_from_scaler('{"kind":"beat","mood":"fine"}') == link.Beat()


def test_the_fast_lane_is_given_up_before_the_proxy_is() -> None:
    assert 2 * link.HEARTBEAT < link.SILENCE < link.LEASE - link.HEARTBEAT
