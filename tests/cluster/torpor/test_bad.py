"""What makes no sense is reported where it stands, and touches nobody else."""

from tests.cluster.rig.api import path
from tests.cluster.rig.manifests import deployment, service
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import MANAGED, app, ingress
from tests.cluster.torpor.running import SOON, Start

HOSTS = 2_000


def test_bad_objects_are_reported_and_no_other_app_is_touched(namespace: Space, torpor: Start) -> None:
    namespace.apply(*app("web", replicas=1))
    with torpor() as running:
        running.wait_phase("web", "awake")
        assert running.until_visit("web.test", 200)
        lost = service("nowhere")
        del lost["spec"]["selector"]
        odd = {"torpor.dev/idle-timeout": "soon", "torpor.dev/needs": "x" * 99_999}
        empty = ingress("empty", "empty.test")
        empty["spec"]["rules"] = [{"host": "empty.test"}]
        namespace.apply(
            *(deployment("odd", labels=MANAGED, annotations=odd), empty, lost),
            *(ingress("nowhere", "nowhere.test"), ingress("nobody", "nobody.test")),
            ingress("thief", "web.test", backend="nowhere"),
        )
        many = ingress("many", *(f"host-{at}.many.test" for at in range(HOSTS)), backend="web")
        namespace.cluster.api.create(path("ingresses", namespace.name), many)  # too large for kubectl's own annotation

        until(lambda: running.visit(f"host-{HOSTS - 1}.many.test")[0] == 200, SOON, "the last of many hosts")

        assert running.visit("web.test")[0] == 200
        until(lambda: running.app("odd").get("idle_timeout") == 300.0, SOON, lambda: str(running.app("odd")))
        until(lambda: "BadAnnotation" in told(namespace, "odd"), SOON, lambda: str(told(namespace, "odd")))
        until(lambda: "RouteConflict" in told(namespace, "thief"), SOON, lambda: str(told(namespace, "thief")))
        until(lambda: told(namespace, "nobody"), SOON, "an Event on the Ingress whose Service is missing")
        assert running.visit("empty.test")[0] == 404


def told(namespace: Space, name: str) -> set[str]:
    return {event["reason"] for event in namespace.all("events", fieldSelector=f"regarding.name={name}")}
