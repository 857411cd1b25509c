"""Whether a Torpor runs in the cluster and is well: its Service, its scalers, who leads, how many proxies there are."""

import json
from dataclasses import dataclass, field
from typing import Any

from scaler.runtimes.kubernetes.api import kinds
from scaler.runtimes.kubernetes.api.cluster import Cluster, Json
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import ACCESS_REVIEWS
from torpor import __version__
from torpor.cli.failure import Failed
from torpor.cli.findings import Finding, Grade, count
from torpor.cli.kubernetes.through import Through

TOPIC = "Torpor in the cluster"
DEADLINE = 5.0


@dataclass(slots=True)
class Presence:
    """What was found."""

    findings: list[Finding] = field(default_factory=list)
    account: str | None = None
    """The scaler's ServiceAccount, as `namespace/name`, where its pods tell."""
    info: dict[str, Any] = field(default_factory=dict)
    """What the scaler says of itself."""
    apps: list[dict[str, Any]] = field(default_factory=list)
    """What it says of its apps."""

    def add(self, grade: Grade, text: str, fix: str = "") -> None:
        """One more."""
        self.findings.append(Finding(grade, text, fix, TOPIC))


async def look(cluster: Cluster, through: Through, service: str) -> Presence:
    """Look at the Service, its pods, and what the scaler says. Raises nothing that a cluster can cause."""
    found = Presence()
    namespace, _, name = service.partition("/")
    try:
        seen = await cluster.get(kinds.SERVICES, namespace, name)
        pods = await cluster.list_all(kinds.PODS, namespace, label_selector=_selector(seen))
    except ApiError as error:
        if error.not_found:
            fix = "Install Torpor there, or name its scaler's Service with --service NAMESPACE/NAME."
            found.add(Grade.WRONG, f"there is no Service {name} in the namespace {namespace}", fix)
            return found
        found.add(Grade.NOTE, f"the scaler's Service and pods cannot be looked at: {error}")
    else:
        _pods(found, namespace, service, pods)
    await _answers(found, through, service)
    await _may_change(found, cluster, service)
    return found


def _pods(found: Presence, namespace: str, service: str, pods: list[Json]) -> None:
    ready = [pod for pod in pods if _is_ready(pod)]
    accounts = sorted({str((pod.get("spec") or {}).get("serviceAccountName") or "default") for pod in pods})
    if accounts:
        found.account = f"{namespace}/{accounts[0]}"
    if not ready:
        fix = f"kubectl -n {namespace} describe pods says why"
        found.add(Grade.WRONG, f"of {count(len(pods), 'pod')} behind the Service {service} none is ready", fix)
    elif len(ready) == 1:
        fix = "Nothing to mend; with replicas: 2 another takes over within seconds when it is lost."
        found.add(Grade.NOTE, "one scaler is ready, and none stands by", fix)
    else:
        found.add(Grade.OK, f"{count(len(ready), 'scaler')} ready, one leads and the rest stand by")


async def _answers(found: Presence, through: Through, service: str) -> None:
    try:
        answer = await through.answer("GET", "/v1/info", "application/json", DEADLINE)
        info = json.loads(answer.body)
        found.info = info if answer.status == 200 and isinstance(info, dict) else {}
        ready = await through.answer("GET", "/readyz", "application/json", DEADLINE)
    except (Failed, ValueError) as failure:
        found.add(Grade.WRONG, f"the scaler does not answer: {failure}", "See its log, and the pods of its namespace.")
        return
    if "token_required" not in found.info:
        found.add(Grade.WRONG, f"what answers at {service} is not Torpor's API", "Name it with --service.")
        return
    version, proxies = found.info.get("version"), found.info.get("proxies")
    found.add(Grade.OK, f"the scaler answers: Torpor {version}")
    if version != __version__:
        fix = "Use the same version here, so that both mean the same."
        found.add(Grade.NOTE, f"this command is Torpor {__version__}, the scaler {version}", fix)
    if not found.info.get("leader"):
        fix = "Wait some seconds; then see the scalers' logs and the Lease in their namespace."
        found.add(Grade.WRONG, "no scaler leads: awake apps are served, nobody is woken", fix)
    elif not proxies:
        fix = "Run `torpor proxy` with a --link to the scaler; its log says why it is refused."
        found.add(Grade.WRONG, "no proxy is connected: no visit gets anywhere, and nobody is put to sleep", fix)
    else:
        found.add(Grade.OK, f"{count(int(proxies), 'proxy', 'proxies')} connected ({found.info.get('engine')})")
    if ready.status == 503 and found.info.get("leader") and proxies:
        found.add(Grade.WRONG, f"the scaler is not ready: {_detail(ready.body)}", "See its log.")
    await _apps(found, through)
    if not found.info.get("token_required"):
        text = "the API has no token: whoever reaches the scaler in the cluster may wake apps, put them to sleep"
        text += " and read what they write"
        found.add(Grade.NOTE, text, "Set TORPOR_TOKEN for the scaler, or let a NetworkPolicy say who reaches it.")


async def _apps(found: Presence, through: Through) -> None:
    try:
        answer = await through.answer("GET", "/v1/apps", "application/json", DEADLINE)
        found.apps = [app for app in json.loads(answer.body)["apps"] if isinstance(app, dict)]
    except (Failed, ValueError, LookupError, TypeError) as failure:
        found.add(Grade.WRONG, f"the scaler does not list its apps: {failure}", "See its log.")


async def _may_change(found: Presence, cluster: Cluster, service: str) -> None:
    namespace, _, name = service.partition("/")
    asked = {"verb": "create", "resource": "services", "subresource": "proxy", "namespace": namespace}
    spec = {"resourceAttributes": {**asked, "name": f"http:{name}:api"}}
    try:
        answer = await cluster.create(ACCESS_REVIEWS, None, {"spec": spec})
    except ApiError:
        return
    if not (answer.get("status") or {}).get("allowed"):
        fix = f"To change that, ask for the verb create on services/proxy in the namespace {namespace}."
        found.add(Grade.NOTE, "with this kubeconfig you may look, but neither wake apps nor put them to sleep", fix)


def _selector(service: Json) -> str:
    selector = (service.get("spec") or {}).get("selector") or {}
    return ",".join(f"{key}={value}" for key, value in selector.items())


def _is_ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or []
    return any(one.get("type") == "Ready" and one.get("status") == "True" for one in conditions)


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body)["detail"])[:300]
    except (ValueError, LookupError, TypeError):
        return "it does not say why"
