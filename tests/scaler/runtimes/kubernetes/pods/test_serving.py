"""Which addresses serve, and what is asked before they do."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.discovery.found import Door
from scaler.runtimes.kubernetes.objects.probe import Exec, HttpGet, Probe
from scaler.runtimes.kubernetes.pods.pod import Pod
from scaler.runtimes.kubernetes.pods.question import Ask
from scaler.runtimes.kubernetes.pods.serving import TRUSTED, Serving, Use
from tests.scaler.runtimes.kubernetes.pods.made import NOW, pod
from torpor.words import Address

MAIN = Door("", 8080)
METRICS = Door("9090", 9090)
GET = HttpGet(8080, "/ready")


@dataclass
class App:
    """One app with its doors."""

    probe: Probe | None = GET
    doors: Sequence[Door] = (MAIN,)
    serving: Serving = field(default_factory=Serving)

    def update(self, *pods: Pod, after: float = 0.0) -> Use:
        return self.serving.update(pods, self.doors, self.probe, NOW + after)

    def serves(self, *pods: Pod, after: float = 0.0) -> list[str]:
        """The main door's addresses."""
        return [address.host for address in self.update(*pods, after=after).addresses[""]]

    def asks(self, *pods: Pod) -> list[str]:
        return [str(ask.question) for ask in self.update(*pods).asks]

    def answer(self, *pods: Pod) -> None:
        """Every question gets a good answer."""
        for ask in self.update(*pods).asks:
            self.serving.answered(ask)

    def refuse(self, *pods: Pod) -> None:
        for ask in self.update(*pods).asks:
            self.serving.refused(ask)


ONE, TWO = pod("web-1", ip="10.0.0.1"), pod("web-2", ip="10.0.0.2")


def test_a_pod_serves_when_its_probe_has_answered() -> None:
    app = App()
    assert app.serves(ONE) == []
    assert app.asks(ONE) == ["GET /ready on 10.0.0.1:8080"]
    app.answer(ONE)
    assert app.update(ONE) == Use({"": (Address("10.0.0.1", 8080),)})


def test_the_others_join_as_they_answer() -> None:
    app = App()
    app.answer(ONE)
    assert app.serves(ONE, TWO) == ["10.0.0.1"]
    assert app.asks(ONE, TWO) == ["GET /ready on 10.0.0.2:8080"]
    app.answer(ONE, TWO)
    assert app.serves(ONE, TWO) == ["10.0.0.1", "10.0.0.2"]


def test_a_pod_without_an_address_is_not_asked_yet() -> None:
    assert App().update(pod(ip="")) == Use({"": ()})


def test_a_door_on_another_port_waits_for_the_probe_and_for_a_listener_there() -> None:
    app = App(doors=(MAIN, METRICS))
    asks = app.update(ONE).asks
    assert [str(ask.question) for ask in asks] == ["GET /ready on 10.0.0.1:8080", "10.0.0.1:9090"]
    app.serving.answered(asks[1])
    assert not app.update(ONE).serves
    app.serving.answered(asks[0])
    assert app.update(ONE).addresses == {"": (Address("10.0.0.1", 8080),), "9090": (Address("10.0.0.1", 9090),)}


def test_one_door_that_nobody_listens_at_holds_no_other_back() -> None:
    app = App(doors=(MAIN, METRICS))
    app.serving.answered(app.update(ONE).asks[0])
    assert app.update(ONE).addresses == {"": (Address("10.0.0.1", 8080),), "9090": ()}


def test_a_door_may_be_a_name_that_means_another_port_in_each_pod() -> None:
    app = App(HttpGet("http"), (Door("", "http"),))
    old, new = replace(ONE, ports={"http": 80}), replace(TWO, ports={"http": 8080})
    app.answer(old, new)
    assert app.update(old, new).addresses[""] == (Address("10.0.0.1", 80), Address("10.0.0.2", 8080))


def test_a_pod_without_the_doors_port_serves_nothing() -> None:
    assert App(doors=(Door("", "http"),)).update(replace(ONE, conditions=pod(ready=60).conditions)) == Use({"": ()})


def test_without_a_probe_the_doors_port_has_to_answer() -> None:
    app = App(probe=None)
    just_started = pod(ip="10.0.0.1", ready=0)
    assert app.serves(just_started) == []
    assert app.asks(just_started) == ["10.0.0.1:8080"]
    app.answer(just_started)
    assert app.serves(just_started) == ["10.0.0.1"]


def test_with_a_probe_that_runs_inside_ready_counts_and_somebody_has_to_listen() -> None:
    app = App(probe=Exec())
    app.answer(ONE)
    assert app.serves(ONE) == []
    assert app.serves(pod(ip="10.0.0.1", ready=0)) == ["10.0.0.1"]


def test_a_probe_on_a_port_that_the_pod_does_not_have_is_left_to_the_kubelet() -> None:
    app = App(probe=HttpGet("admin"))
    app.answer(ONE)
    assert app.serves(ONE) == []


def test_the_kubelets_word_counts_for_the_probes_own_port() -> None:
    ready = pod(ip="10.0.0.1", ready=0)
    app = App(doors=(MAIN, METRICS))
    assert app.update(ready).addresses == {"": (Address("10.0.0.1", 8080),), "9090": ()}
    assert app.asks(ready) == ["10.0.0.1:9090"]


def test_a_pod_that_has_been_ready_for_a_while_is_taken_at_its_word() -> None:
    ready = pod(ip="10.0.0.1", ready=4.0)
    app = App(probe=None)
    assert app.update(ready).again == TRUSTED - 4.0
    assert app.serves(ready, after=TRUSTED - 4.0) == ["10.0.0.1"]
    assert App(probe=None).serves(pod(ip="10.0.0.1", ready=3600)) == ["10.0.0.1"]


def test_a_pod_that_was_heard_to_refuse_has_to_answer_however_long_it_is_ready() -> None:
    app = App(probe=None)
    ready = pod(ip="10.0.0.1", ready=0)
    app.refuse(ready)
    assert app.update(ready).again is None
    assert app.serves(ready, after=10 * TRUSTED) == []
    app.answer(ready)
    assert app.serves(ready) == ["10.0.0.1"]


def test_a_pod_that_is_being_deleted_is_out_at_once() -> None:
    app = App()
    app.answer(ONE)
    assert app.update(replace(ONE, deleting=True)) == Use({"": ()})


def test_a_pod_that_is_over_is_out() -> None:
    app = App()
    app.answer(ONE, TWO)
    assert app.serves(replace(ONE, phase="Failed"), TWO) == ["10.0.0.2"]


def test_a_pod_that_is_ready_no_more_is_out_while_others_are_there() -> None:
    app = App()
    one, two = pod("web-1", ip="10.0.0.1", ready=60), pod("web-2", ip="10.0.0.2", ready=60)
    assert app.serves(one, two) == ["10.0.0.1", "10.0.0.2"]
    assert app.serves(ONE, two) == ["10.0.0.2"]
    assert app.serves(ONE, TWO) == ["10.0.0.1", "10.0.0.2"]
    assert app.serves(one, TWO) == ["10.0.0.1"]
    assert app.asks(ONE, two) == []


def test_a_pod_that_has_answered_and_is_not_ready_yet_is_as_good_as_the_others() -> None:
    app = App()
    app.answer(ONE)
    assert app.serves(ONE, pod("web-2", ip="10.0.0.2", ready=60)) == ["10.0.0.1", "10.0.0.2"]


def test_a_container_that_is_started_again_has_to_answer_again() -> None:
    app = App()
    app.answer(ONE)
    again = pod("web-1", ip="10.0.0.1", restarts=1)
    assert app.serves(again) == []
    assert app.asks(again) == ["GET /ready on 10.0.0.1:8080"]


def test_another_pod_with_the_same_address_has_to_answer_for_itself() -> None:
    app = App()
    app.answer(ONE)
    assert app.serves(pod("web-3", ip="10.0.0.1")) == []


def test_pods_on_the_nodes_network_share_an_address() -> None:
    app = App()
    one, two = pod("web-1", ip="10.0.0.1", ready=60), pod("web-2", ip="10.0.0.1", ready=60)
    assert app.serves(one, two) == ["10.0.0.1"]


def test_the_oldest_come_first() -> None:
    old = pod("web-9", ip="10.0.0.9", created="2026-11-22T06:00:00Z")
    assert App().asks(TWO, ONE, old) == [f"GET /ready on 10.0.0.{last}:8080" for last in (9, 1, 2)]


PODS = st.builds(
    pod,
    st.sampled_from(["a", "b", "c"]),
    ip=st.sampled_from(["", "10.0.0.1", "10.0.0.2"]),
    deleting=st.booleans(),
    ready=st.sampled_from([False, 0, 60]),
    restarts=st.integers(0, 1),
    phase=st.sampled_from(["Pending", "Running", "Failed"]),
)


@given(
    steps=st.lists(st.tuples(st.lists(PODS, unique_by=lambda one: one.name), st.lists(st.integers(0, 5))), max_size=8),
    probe=st.sampled_from([None, GET, Exec(), HttpGet(1)]),
)
def test_whatever_happens(steps: list[tuple[list[Pod], list[int]]], probe: Probe | None) -> None:
    """Only pods that are there and not leaving serve, nothing is asked twice, and nothing is remembered of the gone."""
    app = App(probe, (MAIN, METRICS))
    given_answers: set[Ask] = set()
    for pods, answers in steps:
        use = app.update(*pods)
        usable = {one.ip: one for one in pods if one.ip and not one.deleting and not one.over}
        for door, port in (("", 8080), ("9090", 9090)):
            for address in use.addresses[door]:
                assert address.host in usable
                assert address.port == port
        lives = {one.life for one in usable.values()} | {one.life for one in pods if not one.deleting and not one.over}
        given_answers = {ask for ask in given_answers if ask.life in lives and ask.question.address.host in usable}
        assert given_answers.isdisjoint(use.asks)
        for number in answers:
            if number < len(use.asks):
                app.serving.answered(use.asks[number])
                given_answers.add(use.asks[number])
    app.update()
    assert app.serving._answered == app.serving._served == app.serving._was_ready == set()
