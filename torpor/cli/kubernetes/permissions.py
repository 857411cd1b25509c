"""What the scaler's ServiceAccount needs, asked of the API server where whoever asks may ask for others."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.errors import ApiError
from scaler.runtimes.kubernetes.api.kinds import LEASES, Kind
from scaler.runtimes.kubernetes.wanted import ALWAYS, PERHAPS
from torpor.cli.findings import Finding, Grade, count

TOPIC = "What the scaler may do"
LEASE = "torpor-scaler"
"""By which one of several scalers leads."""
ACCESS_REVIEWS = Kind("authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False)
KNOWN = frozenset(kind.group for kind in (*ALWAYS, *(kind for versions in PERHAPS for kind in versions)))
"""Groups whose kinds are no workloads, but for Deployments and StatefulSets."""


class Permission(NamedTuple):
    """A verb on a kind or a part of it, in one namespace or (empty) in all."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""
    """Of the one object that it is for; empty: any."""


def needed(read: Sequence[Kind], home: str, namespaces: Sequence[str] = ()) -> list[Permission]:
    """What a scaler needs in a cluster that has these kinds; its Lease is in `home`. No `namespaces`: in all."""
    workloads = [kind for kind in read if kind.group not in KNOWN or kind.plural in ("deployments", "statefulsets")]
    own: list[Permission] = []
    for place in namespaces or ("",):
        seen = [kind for kind in read if kind.namespaced]
        own += [Permission(verb, kind.group, kind.plural, place) for kind in seen for verb in ("get", "list", "watch")]
        own += [Permission(verb, "", "pods", place) for verb in ("list", "watch")]
        own += [Permission("patch", kind.group, kind.plural, place) for kind in workloads]
        own += [Permission("patch", kind.group, f"{kind.plural}/scale", place) for kind in workloads]
        own += [Permission("get", "", "pods/log", place)]
        own += [Permission(verb, "", "events", place) for verb in ("list", "create", "patch")]
    return [
        *own,
        *(Permission(verb, "", plural) for plural in ("namespaces", "nodes") for verb in ("list", "watch")),
        Permission("create", "authentication.k8s.io", "tokenreviews"),
        Permission("create", LEASES.group, LEASES.plural, home),
        *(Permission(verb, LEASES.group, LEASES.plural, home, LEASE) for verb in ("get", "list", "watch", "patch")),
    ]


def applied(kinds: Iterable[Kind], namespaces: Iterable[str]) -> list[Permission]:
    """What a scaler needs besides to apply these kinds in these namespaces."""
    verbs = ("get", "list", "create", "patch", "delete")
    return [
        Permission(verb, kind.group, kind.plural, place) for place in namespaces for kind in kinds for verb in verbs
    ]


async def check(cluster: Cluster, account: str, wanted: Sequence[Permission]) -> Finding:
    """Whether the ServiceAccount, `namespace/name`, has them all. Raises ApiError."""
    try:
        allowed = await _all_allowed(cluster, account, wanted)
    except ApiError as error:
        if error.status != 403:
            raise
        text = f"whether {account} may do what it needs is not known: you may not ask for others"
        fix = "It takes the permission to create subjectaccessreviews.authorization.k8s.io; an administrator has it."
        return Finding(Grade.NOTE, text, fix, TOPIC)
    missing = [one for one, granted in zip(wanted, allowed, strict=True) if not granted]
    if not missing:
        text = f"the ServiceAccount {account} has {count(len(wanted), 'permission')}, all it needs"
        return Finding(Grade.OK, text, topic=TOPIC)
    fix = "Let a role that it is bound to have these rules:\n" + "\n".join(rules(missing))
    return Finding(Grade.WRONG, f"the ServiceAccount {account} lacks {count(len(missing), 'permission')}", fix, TOPIC)


def rules(missing: Iterable[Permission]) -> list[str]:
    """The lines of a role's rules, those of one namespace with its name."""
    verbs: dict[tuple[str, str, str, str], list[str]] = {}
    for verb, group, resource, namespace, name in missing:
        verbs.setdefault((namespace, group, resource, name), []).append(verb)
    return [
        f'- {{apiGroups: ["{group}"], resources: [{resource}], '
        + (f"resourceNames: [{name}], " if name else "")
        + f"verbs: [{', '.join(those)}]}}"
        + (f"  # in {namespace}" if namespace else "")
        for (namespace, group, resource, name), those in verbs.items()
    ]


async def _all_allowed(cluster: Cluster, account: str, wanted: Sequence[Permission]) -> list[bool]:
    try:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(_allowed(cluster, account, one)) for one in wanted]
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [one.result() for one in asked]


async def _allowed(cluster: Cluster, account: str, one: Permission) -> bool:
    namespace, _, name = account.partition("/")
    resource, _, subresource = one.resource.partition("/")
    asked = {"verb": one.verb, "group": one.group, "resource": resource, "subresource": subresource}
    spec = {
        "user": f"system:serviceaccount:{namespace}:{name}",
        "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
        "resourceAttributes": {**asked, "namespace": one.namespace, "name": one.name},
    }
    answer = await cluster.create(ACCESS_REVIEWS, None, {"spec": spec})
    return bool((answer.get("status") or {}).get("allowed"))
