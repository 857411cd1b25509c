"""Torpor lives with others who scale, deploy and route: respects them, and says what they do."""

import json

from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor import many
from tests.cluster.torpor.asking import ask
from tests.cluster.torpor.manifests import MANAGED, app, ingress
from tests.cluster.torpor.running import SOON, Running, Start


def asleep(namespace: Space, running: Running, name: str = "web") -> None:
    running.wait_phase(name, "awake")
    running.sleep(name)
    until(lambda: namespace.gone(name), SOON, "no pods")


def test_who_scales_it_up_by_hand_has_visited_it_and_who_scales_it_down_is_let_be(
    namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor() as running:
        asleep(namespace, running)

        namespace.scale("web", 3)

        found = running.wait_phase("web", "awake")
        assert "has scaled it to 3" in found["cause"]
        assert namespace.replicas("web") == 3

        namespace.scale("web", 0)

        found = running.wait_phase("web", "asleep")
        assert "has scaled it to 0" in found["reason"]
        assert namespace.replicas("web") == 0


def test_a_new_revision_of_a_sleeping_app_is_remembered_and_goes_on_sleeping(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor() as running:
        asleep(namespace, running)

        silent = deployment("web", replicas=None, labels=MANAGED, environment={"REVISION": "2"})
        namespace.cluster.kubectl(
            "-n", namespace.name, "apply", "--server-side", "--force-conflicts", "-f", "-", told=json.dumps(silent)
        )
        generation = namespace.get("deployments", "web")["metadata"]["generation"]
        until(lambda: observed(namespace) >= generation, SOON, "the revision")
        assert (running.app("web")["phase"], namespace.replicas("web")) == ("asleep", 0)

        namespace.apply(deployment("web", replicas=2, labels=MANAGED, environment={"REVISION": "3"}))

        until(lambda: remembered(namespace) == "2" and namespace.replicas("web") == 0, SOON, "its count remembered")
        assert running.app("web")["phase"] == "asleep"
        assert running.visit("web.test")[0] == 200
        assert namespace.replicas("web") == 2


def test_an_app_is_woken_within_the_bounds_of_its_autoscaler(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1), autoscaler("web", least=2, most=4))
    until(lambda: namespace.replicas("web") == 2, SOON, "the autoscaler's least")
    namespace.scale("web", 0)
    with torpor() as running:
        running.wait_phase("web", "asleep")

        assert running.visit("web.test")[0] == 200

        assert namespace.replicas("web") == 2


def test_a_challenge_for_a_sleeping_apps_certificate_reaches_its_solver_and_wakes_nobody(
    namespace: Space, torpor: Start
) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor() as running:
        asleep(namespace, running)
        solver = deployment("cm-acme-http-solver", replicas=1, labels={"torpor.dev/managed": "false"})
        path = "/.well-known/acme-challenge/token-of-the-test"
        namespace.apply(
            solver,
            service("cm-acme-http-solver"),
            ingress("cm-acme-http-solver", "web.test", path=path, kind="Exact"),
        )
        until(lambda: namespace.ready("cm-acme-http-solver"), SOON, "the solver")

        crawler = {"User-Agent": many.CRAWLER}  # who wakes nobody, wherever he is led until the route is known
        until(lambda: running.visit("web.test", path, headers=crawler)[0] == 200, SOON, "the route")
        status, _, body = running.visit("web.test", path)
        assert status == 200

        assert json.loads(body)["pod"].startswith("cm-acme-http-solver")
        assert (running.app("web")["phase"], namespace.replicas("web")) == ("asleep", 0)


def test_an_app_is_put_to_sleep_in_spite_of_a_disruption_budget(namespace: Space, torpor: Start) -> None:
    budget = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {"name": "web"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    }
    namespace.apply(*app("web", replicas=1), budget)
    with torpor() as running:
        asleep(namespace, running)
        assert running.visit("web.test")[0] == 200


def test_what_somebody_puts_back_again_and_again_is_left_awake_and_told(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1, annotations={"idle-timeout": "1s"}))
    with torpor() as running:
        for turn in range(3):
            running.wait_phase("web", "asleep")
            until(lambda: namespace.replicas("web") == 0, SOON, "nothing left")
            namespace.scale("web", 1)
            until(lambda turn=turn: running.app("web")["reverts"] == turn + 1, SOON, "the revert seen")  # type: ignore[misc]
        until(lambda: "SleepReverted" in told(namespace), SOON, "an Event of it")


def test_an_app_wakes_what_it_needs_in_another_namespace_first(namespace: Space, torpor: Start) -> None:
    with Space.made(namespace.cluster, "needed") as other:
        other.apply(deployment("database", replicas=1, labels=MANAGED), service("database"))
        namespace.apply(*app("web", replicas=1, annotations={"needs": f"{other.name}/database"}))
        settings = {"kubernetes": {"namespaces": [namespace.name, other.name]}}
        with torpor(settings) as running:
            asleep(namespace, running)
            running.sleep("database", other)
            assert other.replicas("database") == 0

            assert running.visit("web.test")[0] == 200

            assert other.ready("database") or other.pods("database")
            assert other.replicas("database") == 1


def test_nobody_without_the_token_of_a_proxy_is_told_anything(namespace: Space, torpor: Start) -> None:
    with torpor() as running:
        account = namespace.cluster.kubectl("-n", namespace.name, "create", "token", "default")
        for token in (account, "made-up", ""):
            until(lambda token=token: turned_away(running, token), SOON, "a word on the token")  # type: ignore[misc]


def turned_away(running: Running, token: str) -> bool:
    """Whether the token is refused; while nobody can tell, nobody is let in either."""
    status, _, _ = ask(
        *(running.cluster.network, running.scalers[0].address, "GET", "/v1/link"),
        headers={"Authorization": f"Bearer {token}"},
        within=SOON,
    )
    assert status in (401, 503)
    return status == 401


def autoscaler(name: str, *, least: int, most: int) -> dict[str, object]:
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "minReplicas": least,
            "maxReplicas": most,
            "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": TARGET}}],
        },
    }


TARGET = {"type": "Utilization", "averageUtilization": 80}


def observed(namespace: Space) -> int:
    generation: int = namespace.get("deployments", "web")["status"]["observedGeneration"]
    return generation


def remembered(namespace: Space) -> str:
    return str(namespace.get("deployments", "web")["metadata"]["annotations"]["torpor.dev/replicas"])


def told(namespace: Space) -> set[str]:
    return {event["reason"] for event in namespace.all("events", fieldSelector="regarding.name=web")}
