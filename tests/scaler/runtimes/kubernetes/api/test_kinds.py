import pytest

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.kinds import (
    DEPLOYMENTS,
    HTTP_ROUTES,
    NAMESPACES,
    PODS,
    SCALED_OBJECTS,
    Kind,
    NotScalable,
    offer,
)
from tests.scaler.runtimes.kubernetes.api.hand_server import HandServer, refuses, says

GROUPS = says(
    {
        "kind": "APIGroupList",
        "groups": [
            {"name": "apps", "versions": [{"version": "v1"}], "preferredVersion": {"version": "v1"}},
            {
                "name": "argoproj.io",
                "versions": [{"version": "v1alpha1"}, {"version": "v1"}],
                "preferredVersion": {"version": "v1"},
            },
            {
                "name": "gateway.networking.k8s.io",
                "versions": [{"version": "v1"}, {"version": "v1beta1"}],
                "preferredVersion": {"version": "v1"},
            },
        ],
    }
)
ROLLOUTS = says(
    {
        "resources": [
            {"name": "rollouts", "kind": "Rollout", "namespaced": True},
            {"name": "rollouts/scale", "kind": "Scale", "namespaced": True},
            {"name": "analysisruns", "kind": "AnalysisRun", "namespaced": True},
            {"name": "clusters", "kind": "Cluster", "namespaced": False},
            {"name": "clusters/scale", "kind": "Scale", "namespaced": False},
        ]
    }
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (DEPLOYMENTS.path(), "/apis/apps/v1/deployments"),
        (DEPLOYMENTS.path("shop"), "/apis/apps/v1/namespaces/shop/deployments"),
        (DEPLOYMENTS.path("shop", "web", "scale"), "/apis/apps/v1/namespaces/shop/deployments/web/scale"),
        (PODS.path("shop", "web-1"), "/api/v1/namespaces/shop/pods/web-1"),
        (NAMESPACES.path(None, "shop"), "/api/v1/namespaces/shop"),
        (NAMESPACES.path("shop", "shop"), "/api/v1/namespaces/shop"),
        (PODS.path("a/b", "c?d#e%"), "/api/v1/namespaces/a%2Fb/pods/c%3Fd%23e%25"),
    ],
)
def test_paths(path: str, expected: str) -> None:
    assert path == expected


@pytest.mark.parametrize(("namespace", "name"), [("..", "web"), ("shop", ".."), ("", "web"), ("shop", "")])
def test_no_name_leads_out_of_its_place(namespace: str, name: str) -> None:
    with pytest.raises(ValueError, match="no path leads"):
        DEPLOYMENTS.path(namespace, name)


def test_names_of_kinds() -> None:
    assert (DEPLOYMENTS.api_version, DEPLOYMENTS.resource) == ("apps/v1", "deployments.apps")
    assert (PODS.api_version, PODS.resource) == ("v1", "pods")


async def test_the_best_version_that_is_there(server: HandServer, cluster: Cluster) -> None:
    server.then(GROUPS, says({"resources": []}), says({"resources": [{"name": "httproutes"}]}))
    found = await offer(cluster)
    assert await found.first(HTTP_ROUTES) == HTTP_ROUTES[1]
    assert await found.first(HTTP_ROUTES) == HTTP_ROUTES[1]
    assert [asked.path for asked in server.asked] == [
        "/apis",
        "/apis/gateway.networking.k8s.io/v1",
        "/apis/gateway.networking.k8s.io/v1beta1",
    ]


async def test_a_group_that_is_not_there_is_not_asked_about(server: HandServer, cluster: Cluster) -> None:
    server.then(GROUPS)
    assert await (await offer(cluster)).first(SCALED_OBJECTS) is None
    assert len(server.asked) == 1


async def test_a_group_that_goes_away_meanwhile_has_nothing(server: HandServer, cluster: Cluster) -> None:
    server.then(GROUPS, refuses(404, "NotFound"), refuses(404, "NotFound"))
    assert await (await offer(cluster)).first(HTTP_ROUTES) is None


async def test_what_an_operator_names_is_found_in_the_version_that_the_server_prefers(
    server: HandServer, cluster: Cluster
) -> None:
    server.then(GROUPS, ROLLOUTS)
    kind = await (await offer(cluster)).scalable("Rollouts.argoproj.io")
    assert kind == Kind("argoproj.io", "v1", "rollouts", "Rollout")


async def test_or_in_the_version_that_is_named(server: HandServer, cluster: Cluster) -> None:
    server.then(GROUPS, ROLLOUTS)
    assert (await (await offer(cluster)).scalable("rollouts.v1alpha1.argoproj.io")).version == "v1alpha1"


async def test_or_in_the_first_that_has_it(server: HandServer, cluster: Cluster) -> None:
    server.then(GROUPS, says({"resources": []}), ROLLOUTS)
    assert (await (await offer(cluster)).scalable("rollouts.argoproj.io")).version == "v1alpha1"


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("analysisruns.argoproj.io", "without a scale subresource"),
        ("clusters.argoproj.io", "not in namespaces"),
        ("nothing.argoproj.io", "has no nothing"),
        ("rollouts.example.org", "no such group"),
        ("rollouts", "name it like"),
        ("", "name it like"),
    ],
)
async def test_what_cannot_be_scaled_is_told_with_the_reason(
    server: HandServer, cluster: Cluster, named: str, words: str
) -> None:
    server.then(GROUPS, ROLLOUTS, ROLLOUTS)
    with pytest.raises(NotScalable, match=words):
        await (await offer(cluster)).scalable(named)
