"""What discovery makes of objects as a real API server keeps them: checked, with its defaults, with field managers."""

import yaml

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.kinds import Kind
from scaler.runtimes.kubernetes.discovery.discovery import Discovery
from scaler.runtimes.kubernetes.discovery.found import Reason
from scaler.runtimes.kubernetes.discovery.serve import Serve
from scaler.runtimes.kubernetes.objects.annotations import Defaults
from scaler.runtimes.kubernetes.objects.probe import HttpGet
from tests.cluster.discovery.conftest import GATEWAY_KINDS
from tests.cluster.rig.space import Space
from torpor.words import Address

KINDS = (
    kinds.DEPLOYMENTS,
    kinds.STATEFUL_SETS,
    kinds.SERVICES,
    kinds.INGRESSES,
    kinds.ENDPOINT_SLICES,
    kinds.AUTOSCALERS,
)

WEB = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {torpor.dev/managed: "true"}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      containers:
      - name: app
        image: torpor.test/app:1
        ports: [{name: http, containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: http}, periodSeconds: 10}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80, targetPort: http}]}
"""


def found(space: Space, *more: Kind) -> Discovery:
    """Everything in the namespace, as a list gives it."""
    discovery = Discovery(Serve(), Defaults())
    for kind in (*KINDS, *more):
        items = space.cluster.api.get(kind.path(space.name))["items"]
        discovery.replace(kind, items)
    return discovery


def apply(space: Space, manifests: str) -> None:
    space.apply(*yaml.safe_load_all(manifests))


def apply_as_argo(space: Space, manifest: dict[str, object]) -> None:
    where = f"{kinds.DEPLOYMENTS.path(space.name, 'web')}?fieldManager=argocd-controller&force=true"
    space.cluster.api.patch(where, manifest, "application/apply-patch+yaml")


def routes(discovery: Discovery, app: str) -> dict[str, tuple[str, ...]]:
    return {door.key: door.routes for door in discovery.apps[app].doors}


def test_an_ingress_leads_through_services_of_every_sort(space: Space) -> None:
    apply(
        space,
        WEB
        + """---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: web}, ports: [{name: plain, port: 9000, targetPort: 9001}]}
---
apiVersion: v1
kind: Service
metadata: {name: fixed}
spec: {ports: [{port: 80, targetPort: 9376}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: fixed-1, labels: {kubernetes.io/service-name: fixed}}
addressType: IPv4
ports: [{name: "", port: 9376, protocol: TCP}]
endpoints: [{addresses: [10.4.5.6]}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec:
  ingressClassName: torpor
  defaultBackend: {service: {name: web, port: {number: 80}}}
  rules:
  - host: web.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /fixed, pathType: Exact, backend: {service: {name: fixed, port: {number: 80}}}}
  - host: "*.web.example"
    http: {paths: [{pathType: ImplementationSpecific, backend: {service: {name: headless, port: {name: plain}}}}]}
  - host: bare.example
""",
    )
    discovery, app = found(space), f"{space.name}/web"
    assert routes(discovery, app) == {"": ("*", "bare.example", "web.example"), "9001": ("?.web.example",)}
    assert discovery.apps[app].doors[0].port == "http"
    probe = discovery.apps[app].probe
    assert isinstance(probe, HttpGet)
    assert (probe.port, probe.path, probe.scheme) == ("http", "/ready", "http")
    backing = discovery.apps[f"{space.name}/service~fixed"].backing
    assert backing is not None
    assert backing.addresses == {"": (Address("10.4.5.6", 9376),)}
    assert not [problem for problem in discovery.problems if not problem.note]


def test_who_owns_the_replica_count_is_told_by_its_managed_fields(space: Space) -> None:
    apply(space, WEB)
    tracked = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": "web",
            "annotations": {"argocd.argoproj.io/tracking-id": f"f:apps/Deployment:{space.name}/web"},
        },
    }
    apply_as_argo(space, tracked)
    assert Reason.GITOPS in {problem.reason for problem in found(space).problems if problem.note}
    apply_as_argo(space, tracked | {"spec": {"replicas": 3}})
    discovery = found(space)
    workload = discovery.apps[f"{space.name}/web"].workload
    assert workload is not None
    assert workload.managers == ("argocd-controller",)
    assert Reason.GITOPS in {problem.reason for problem in discovery.problems if not problem.note}
    space.scale("web", 0)
    workload = found(space).apps[f"{space.name}/web"].workload
    assert workload is not None
    assert "argocd-controller" not in workload.managers


def test_an_httproute_leads_as_its_makers_define_it(space: Space, gateway_api: None) -> None:
    apply(
        space,
        WEB
        + """---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: front}
spec: {gatewayClassName: torpor, listeners: [{name: http, port: 80, protocol: HTTP, hostname: "*.example"}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: web}
spec:
  parentRefs: [{name: front}]
  hostnames: [web.example, web.elsewhere]
  rules:
  - backendRefs: [{name: web, port: 80}]
  - matches: [{path: {type: Exact, value: /up}, headers: [{name: X-Env, value: test}]}]
    backendRefs: [{name: web, port: 80, weight: 90}, {name: gone, port: 80, weight: 10}]
  - matches: [{path: {type: PathPrefix, value: /post}, method: POST}]
    backendRefs: [{name: web, port: 80}]
""",
    )
    discovery = found(space, *GATEWAY_KINDS)
    assert routes(discovery, f"{space.name}/web") == {"": ("=web.example/up [x-env=test] @90", "web.example")}
    assert routes(discovery, f"{space.name}/service~gone") == {"": ("=web.example/up [x-env=test] @10",)}
    reasons = {problem.reason for problem in discovery.problems if not problem.note}
    assert reasons == {Reason.ROUTE_NOT_SUPPORTED, Reason.SERVICE_MISSING}
