"""After any changes, everything is as if the objects that are there now had been told at once."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from tests.scaler.runtimes.kubernetes.cluster_objects import (
    AUTOSCALERS,
    DEPLOYMENTS,
    GATEWAYS,
    GRANTS,
    HTTPROUTES,
    INGRESSES,
    NAMESPACES,
    SCALED_OBJECTS,
    SERVICES,
    SLICES,
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

NAMES = ("a", "b")
PLACES = ("shop", "edge")
_name = st.sampled_from(NAMES)
_place = st.sampled_from(PLACES)
_labels = st.sampled_from([{"app": "a"}, {"app": "b"}, {"app": "a", "track": "x"}])
_created = st.sampled_from(["2025-01-01T00:00:00Z", "2026-01-01T00:00:00Z"])
_port = st.sampled_from([80, "web", 81])
_hosts = st.sampled_from(["h.example", "*.example", "h.example/docs"])
_said = st.fixed_dictionaries(
    {},
    optional={
        "hosts": _hosts,
        "needs": st.sampled_from(["a", "b", "edge/a", "a, shop/b", "gone"]),
        "hold": st.sampled_from(["1s", "soon"]),
        "replicas": st.sampled_from(["2", "3"]),
        "phase": st.just("asleep"),
    },
)
_ports = st.sampled_from([[{"port": 80, "name": "web", "targetPort": "http"}], [{"port": 81, "targetPort": 9}]])
_backend = st.builds(backend, _name, _port)
_rule = st.builds(
    rule, st.sampled_from(["h.example", "*.example", None]), st.builds(path, _backend, st.sampled_from(["/", "/docs"]))
)
_scales = st.builds(
    lambda name: {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}}, _name
)


def _workload(name: str, place: str, said: dict[str, str], **more: Any) -> Json:
    return deployment(name, place, annotations=annotated(**said), **more)


def _with(source: Json, **spec: Any) -> Json:
    return source | {"spec": source["spec"] | spec}


_change = st.one_of(
    st.tuples(
        st.sampled_from([DEPLOYMENTS, STATEFULSETS]),
        st.builds(
            _workload,
            _name,
            _place,
            _said,
            managed=st.sampled_from(["true", "true", None, "false"]),
            labels=_labels,
            replicas=st.integers(0, 2),
            created=_created,
        ),
    ),
    st.tuples(st.just(SERVICES), st.builds(service, _name, _place, selector=_labels | st.just({}), ports=_ports)),
    st.tuples(
        st.just(INGRESSES),
        st.builds(
            ingress,
            _name,
            _place,
            rules=st.lists(_rule, max_size=2),
            class_name=st.sampled_from(["torpor", "torpor", "other"]),
            created=_created,
            defaultBackend=st.none() | _backend,
        ),
    ),
    st.tuples(
        st.just(HTTPROUTES),
        st.builds(
            httproute,
            _name,
            _place,
            parentRefs=st.just([{"name": "front", "namespace": "edge"}]),
            hostnames=st.lists(st.sampled_from(["h.example", "*.example"]), max_size=2),
            rules=st.lists(
                st.builds(
                    lambda refs: {"backendRefs": refs},
                    st.lists(
                        st.builds(
                            lambda n, p, w: {"name": n, "namespace": p, "port": 80, "weight": w},
                            _name,
                            _place,
                            st.integers(0, 2),
                        ),
                        max_size=2,
                    ),
                ),
                max_size=2,
            ),
        ),
    ),
    st.tuples(
        st.just(GATEWAYS),
        st.builds(
            gateway,
            st.just("front"),
            st.just("edge"),
            class_name=st.sampled_from(["torpor", "other"]),
            hostname=st.sampled_from(["", "h.example"]),
            allowedRoutes=st.sampled_from(
                [
                    {},
                    {"namespaces": {"from": "All"}},
                    {"namespaces": {"from": "Selector", "selector": {"matchLabels": {"torpor.dev/managed": "true"}}}},
                ]
            ),
        ),
    ),
    st.tuples(
        st.just(GRANTS),
        st.builds(
            lambda name, place, to: {
                "metadata": meta(name, place),
                "spec": {
                    "from": [
                        {"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "namespace": other}
                        for other in PLACES
                    ],
                    "to": [{"kind": "Service"} | to],
                },
            },
            _name,
            _place,
            st.sampled_from([{}, {"name": "a"}]),
        ),
    ),
    st.tuples(
        st.just(SLICES),
        st.builds(
            lambda name, place, service: {
                "metadata": meta(name, place, labels={"kubernetes.io/service-name": service}),
                "ports": [{"name": "web", "port": 8}],
                "endpoints": [{"addresses": ["10.0.0.1"]}],
            },
            _name,
            _place,
            _name,
        ),
    ),
    st.tuples(
        st.sampled_from([AUTOSCALERS, SCALED_OBJECTS]),
        st.builds(lambda name, place, spec: {"metadata": meta(name, place), "spec": spec}, _name, _place, _scales),
    ),
    st.tuples(
        st.just(NAMESPACES), _place.flatmap(lambda name: st.sampled_from([namespace(name), opted_in_namespace(name)]))
    ),
)
_steps = st.lists(st.tuples(_change, st.booleans()), max_size=25)


@given(_steps)
@settings(max_examples=100, deadline=None)
def test_after_any_changes_everything_is_as_if_told_at_once(steps: list[tuple[tuple[Kind, Json], bool]]) -> None:
    changed = Discovery(Serve(), Defaults())
    there: dict[tuple[Kind, str, str], Json] = {}
    for (kind, source), stays in steps:
        key = kind, source["metadata"].get("namespace", ""), source["metadata"]["name"]
        before = dict(changed.apps)
        if stays:
            there[key] = source
            told = changed.put(kind, source)
        else:
            there.pop(key, None)
            told = changed.remove(*key)
        now = dict(changed.apps)
        assert told == {app for app in before.keys() | now.keys() if before.get(app) != now.get(app)}
    fresh = Discovery(Serve(), Defaults())
    for (kind, _, _), source in there.items():
        fresh.put(kind, source)
    assert dict(changed.apps) == dict(fresh.apps)
    assert set(changed.problems) == set(fresh.problems)
