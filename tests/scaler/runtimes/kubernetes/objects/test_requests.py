from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.requests import NOTHING, Requests
from scaler.runtimes.kubernetes.objects.requests import read_requests

type Json = dict[str, Any]

MI = 2**20


def container(cpu: str | None = None, memory: str | None = None, *, limits: Json | None = None, **more: Any) -> Json:
    asked = {name: value for name, value in (("cpu", cpu), ("memory", memory)) if value is not None}
    return {"name": "app", "resources": {"requests": asked, "limits": limits or {}}, **more}


def pod(*containers: Json, init: tuple[Json, ...] = (), **more: Any) -> Json:
    return {"containers": list(containers), "initContainers": list(init), **more}


def sidecar(cpu: str) -> Json:
    return container(cpu, restartPolicy="Always")


def test_containers_run_together() -> None:
    assert read_requests(pod(container("250m", "64Mi"), container("1"))) == Requests(1250, 64 * MI)


def test_an_init_container_runs_alone_and_counts_where_it_asks_for_more() -> None:
    init = (container("2", "16Mi"), container("1"))
    assert read_requests(pod(container("500m", "64Mi"), init=init)) == Requests(2000, 64 * MI)


def test_a_sidecar_runs_beside_the_containers_and_beside_the_init_containers_that_come_after_it() -> None:
    assert read_requests(pod(container("500m"), init=(sidecar("100m"),))).cpu == 600
    assert read_requests(pod(container("500m"), init=(sidecar("100m"), container("1")))).cpu == 1100
    assert read_requests(pod(container("500m"), init=(container("1"), sidecar("100m")))).cpu == 1000


def test_a_limit_without_a_request_is_a_request_and_nothing_asked_for_is_nothing() -> None:
    limits = {"cpu": "2", "memory": "32Mi"}
    assert read_requests(pod(container(limits=limits))) == Requests(2000, 32 * MI)
    assert read_requests(pod(container("0", limits=limits))) == Requests(0, 32 * MI)


def test_what_the_pod_asks_for_goes_before_what_its_containers_do() -> None:
    whole = {"resources": {"requests": {"cpu": "3"}, "limits": {"cpu": "4", "memory": "1Gi"}}}
    assert read_requests(pod(container("1", "64Mi"), **whole)) == Requests(3000, 64 * MI)
    assert read_requests(pod(container(), **whole)) == Requests(3000, 1024 * MI)


def test_overhead_comes_on_top() -> None:
    assert read_requests(pod(container("1"), overhead={"cpu": "250m", "memory": "120Mi"})) == Requests(1250, 120 * MI)


@pytest.mark.parametrize("amount", ["much", -1, None, [], {}, True])
def test_what_cannot_be_read_is_as_if_it_were_not_there(amount: object) -> None:
    assert read_requests(pod({"resources": {"requests": {"cpu": amount}}}, container("1"))).cpu == 1000


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["containers", "initContainers", "resources", "requests", "cpu"]), inner)
    ),
)


@given(st.dictionaries(st.sampled_from(["containers", "initContainers", "resources", "overhead"]), ANY))
def test_anything_is_read(source: Json) -> None:
    assert read_requests(source) >= NOTHING
