"""Whatever an object says: nothing raises, nobody else's app changes, and the order of objects is no matter."""

import json
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    ALL_KINDS,
    AUTOSCALERS,
    DEPLOYMENTS,
    GATEWAYS,
    HTTPROUTES,
    INGRESSES,
    NAMESPACES,
    SERVICES,
    STATEFULSETS,
    Json,
    Kind,
    annotated,
    backend,
    deployment,
    gateway,
    httproute,
    ingress,
    meta,
    namespace,
    opted_in_namespace,
    path,
    rule,
    service,
)

_LEAVES = st.none() | st.booleans() | st.integers(-5, 99999) | st.text(max_size=12) | st.floats(allow_nan=False)
_ANY = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner), max_leaves=8
)
_RULE: Json = {
    "matches": [
        {"path": {"type": "Exact", "value": "/a"}, "headers": [{"type": "Exact", "name": "a", "value": "b"}]},
        {"method": "GET"},
    ],
    "filters": [],
    "backendRefs": [{"name": "bad", "port": 80, "weight": 3}, {"name": "worse", "namespace": "shop", "port": 80}],
}
_WHOLE = [
    (DEPLOYMENTS, deployment("bad", "evil", annotations=annotated(hosts="evil.example", needs="evil/bad"))),
    (DEPLOYMENTS, deployment("bad", "evil", probe={"httpGet": {"port": "http", "httpHeaders": [{"name": "a"}]}})),
    (SERVICES, service("bad", "evil")),
    (INGRESSES, ingress("bad", "evil", rules=[rule("evil.example")], defaultBackend=None)),
    (HTTPROUTES, httproute("bad", "evil", hostnames=["*.evil.example"], rules=[_RULE])),
    (GATEWAYS, gateway("front", "evil", allowedRoutes={"namespaces": {"from": "Selector", "selector": {}}})),
    (NAMESPACES, namespace("evil")),
    (AUTOSCALERS, {"metadata": meta("bad", "evil"), "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "bad"}}}),
]
_WORDS = [
    "",
    "/",
    "*",
    "*.",
    "true",
    "-1",
    "0",
    "web",
    "a b",
    "[x=y]",
    "@5",
    "=h/",
    "?.x",
    "\r\nx: y",
    "9" * 400,
    "é",
    "a\0",
]


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a value of JSON."""
    found = [at] if at else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in inner:
        found += places(entry, (*at, key))
    return found


@st.composite
def spoiled(draw: st.DrawFn) -> tuple[Kind, Any]:
    """An object that has been right, but for a few places."""
    kind, source = draw(st.sampled_from(_WHOLE))
    value: Any = json.loads(json.dumps(source))
    for _ in range(draw(st.integers(1, 3))):
        spots = [
            spot for spot in places(value) if spot[:2] not in (("metadata", "namespace"),) and spot != ("metadata",)
        ]
        spot = draw(st.sampled_from(spots))
        inside = value
        for key in spot[:-1]:
            inside = inside[key]
        inside[spot[-1]] = draw(_ANY | st.sampled_from(_WORDS))
    return kind, value


def filled() -> Discovery:
    discovery = Discovery(Serve(), Defaults())
    for kind, source in _house():
        discovery.put(kind, source)
    return discovery


def _house() -> list[tuple[Kind, Json]]:
    return [
        (NAMESPACES, opted_in_namespace()),
        (DEPLOYMENTS, deployment(managed=None)),
        (STATEFULSETS, deployment("db", managed=None)),
        (DEPLOYMENTS, deployment("api", annotations=annotated(needs="db", hosts="api.example"))),
        (DEPLOYMENTS, deployment("stable", labels={"app": "both", "track": "stable"})),
        (DEPLOYMENTS, deployment("canary", labels={"app": "both", "track": "canary"})),
        (SERVICES, service()),
        (SERVICES, service("both")),
        (SERVICES, service("alone", selector={})),
        (INGRESSES, ingress(rules=[rule("web.example"), rule("alone.example", path(backend("alone")))])),
        (
            INGRESSES,
            ingress("late", rules=[rule("web.example", path(backend("both")))], created="2026-02-02T00:00:00Z"),
        ),
        (GATEWAYS, gateway()),
        (HTTPROUTES, httproute(hostnames=["r.example"], rules=[{"backendRefs": [{"name": "both", "port": 80}]}])),
    ]


@given(st.sampled_from(ALL_KINDS), _ANY)
@settings(max_examples=150, deadline=None)
def test_any_json_is_taken_and_changes_nothing(kind: Kind, value: Any) -> None:
    discovery = filled()
    before = dict(discovery.apps)
    assert discovery.put(kind, value) == set()
    assert dict(discovery.apps) == before


@given(st.lists(spoiled(), max_size=4))
@settings(max_examples=150, deadline=None)
def test_a_spoiled_object_changes_no_app_outside_of_its_namespace(objects: list[tuple[Kind, Any]]) -> None:
    discovery = filled()
    before = dict(discovery.apps)
    for kind, value in objects:
        changed = discovery.put(kind, value)
        assert all(app.startswith("evil/") for app in changed)
    assert {app: found for app, found in discovery.apps.items() if not app.startswith("evil/")} == before
    assert all(len(problem.message) < 5000 for problem in discovery.problems)
    for kind in ALL_KINDS:
        for _, value in objects:
            if isinstance(value.get("metadata"), dict):
                discovery.remove(kind, "evil", str(value["metadata"].get("name")))


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_the_order_in_which_objects_come_and_what_was_there_before_are_no_matter(seed: int) -> None:
    expected = filled()
    chance = random.Random(seed)
    discovery = Discovery(Serve(), Defaults())
    steps = [(kind, source, True) for kind, source in [*_house(), *_WHOLE]]
    chance.shuffle(steps)
    for kind, source, _ in steps:
        discovery.put(kind, source)
    for kind, source in chance.sample(_WHOLE, len(_WHOLE)):
        discovery.remove(kind, source["metadata"].get("namespace", ""), source["metadata"]["name"])
    for kind, source in chance.sample(_house(), 6):
        discovery.remove(kind, source["metadata"].get("namespace", ""), source["metadata"]["name"])
        discovery.put(kind, source)
    assert dict(discovery.apps) == dict(expected.apps)
    assert {str(p) for p in discovery.problems} == {str(p) for p in expected.problems}


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_when_everything_has_gone_nothing_is_left(seed: int) -> None:
    discovery = filled()
    for kind, source in random.Random(seed).sample(_house(), len(_house())):
        discovery.remove(kind, source["metadata"].get("namespace", ""), source["metadata"]["name"])
    assert not discovery.apps
    assert not list(discovery.problems)
    assert discovery.news() == ()
