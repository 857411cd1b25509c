"""Who leads, with processes that are killed, frozen and told to go, and an API server that is away."""

import itertools
import signal
from pathlib import Path

from scaler.runtimes.kubernetes.api.election import Timing
from tests.cluster.api.candidates import Candidates, now
from tests.cluster.rig.audit import Call
from tests.cluster.rig.cluster import Cluster
from tests.cluster.rig.space import Space
from tests.cluster.rig.until import until

TIMING = Timing()
KEPT = TIMING.duration - TIMING.renew
"""Seconds, at least, until a Lease that nobody lets go of is free."""
AT_ONCE = TIMING.give_up - TIMING.renew
"""Sooner, in seconds, than a leader gives up by itself."""
SOON = 20.0
"""Seconds until somebody leads again, on a busy machine."""


def lease(rig: Cluster, name: str) -> dict[str, object]:
    spec: dict[str, object] = rig.api.get(f"/apis/coordination.k8s.io/v1/namespaces/default/leases/{name}")["spec"]
    return spec


def test_a_lease_that_is_let_go_of_is_taken_at_once(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        candidates.start("b")
        candidates.processes["a"].terminate()
        taken, stopped = candidates.wait("b", "leads"), candidates.wait("a", "stops")
        assert stopped <= taken < stopped + KEPT
        until(lambda: holders(fragile, candidates) == ["a", "", "b"], SOON, "it to be let go of, and taken")
        spec = lease(fragile, candidates.lease)
        assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("b", 1)


def test_a_leader_that_is_killed_is_followed_soon(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        candidates.start("b")
        began = now()
        candidates.processes["a"].kill()
        assert candidates.wait("b", "leads") - began < SOON


def test_while_the_api_server_is_away_nobody_leads_and_when_it_is_back_somebody_does(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        candidates.start("b")
        began = now()
        fragile.part("apiserver").kill()
        stopped = candidates.wait("a", "stops", began)
        assert stopped - began < 10.0
        until(lambda: now() - began > 10, 60, "longer than the lease lasts")
        assert [said for said in candidates.said if said.at > stopped] == []
        fragile.part("apiserver").start()
        until(fragile.answers, 60, "the API server")
        back = now()
        assert candidates.wait_any(["a", "b"], "leads", began).at - back < SOON


def test_an_api_server_that_is_frozen_is_no_better(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        began = now()
        fragile.part("apiserver").freeze()
        assert candidates.wait("a", "stops", began) - began < 10.0
        fragile.part("apiserver").thaw()
        candidates.wait("a", "leads", began)


def test_a_leader_that_was_frozen_stops_when_it_thaws(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        candidates.start("b")
        began = now()
        candidates.processes["a"].send_signal(signal.SIGSTOP)
        assert candidates.wait("b", "leads") - began < SOON
        thawed = now()
        candidates.processes["a"].send_signal(signal.SIGCONT)
        assert candidates.wait("a", "stops") - thawed < 5.0


def test_of_many_who_come_and_go_only_one_leads_at_a_time(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        names = ["a", "b", "c"]
        for name in names:
            candidates.start(name)
        for _ in range(3):
            leader = candidates.wait_any(list(candidates.processes), "leads", max([0.0, *_ends(candidates)])).who
            candidates.processes[leader].terminate()
            candidates.processes[leader].wait()
            candidates.wait(leader, "stops")
        reigns = candidates.reigns()
        assert sorted(who for _, _, who in reigns) == names
        assert all(one[1] <= two[0] for one, two in itertools.pairwise(reigns))


def test_a_lease_that_is_given_away_by_hand_is_given_up_at_once(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        where = f"/apis/coordination.k8s.io/v1/namespaces/default/leases/{candidates.lease}"
        began = now()
        fragile.api.patch(where, {"spec": {"holderIdentity": "somebody"}})
        done = now()
        assert candidates.wait("a", "stops") - done < AT_ONCE
        assert candidates.wait("a", "leads", began + 5.0)


def test_a_lease_that_is_deleted_is_given_up_and_made_again(fragile: Cluster) -> None:
    with Candidates.of(fragile) as candidates:
        candidates.start("a")
        candidates.wait("a", "leads")
        began = now()
        fragile.api.delete(f"/apis/coordination.k8s.io/v1/namespaces/default/leases/{candidates.lease}")
        done = now()
        assert candidates.wait("a", "stops") - done < AT_ONCE
        candidates.wait("a", "leads", began)


def test_it_takes_no_more_rights_than_for_this_one_lease(control_plane: Cluster, space: Space, tmp_path: Path) -> None:
    kubeconfig = control_plane.kubeconfig_of("candidate")
    with Candidates.of(control_plane, space.name, kubeconfig) as candidates:
        verbs = ["get", "list", "watch", "patch"]
        about = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"]}
        who = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "candidate"}
        space.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "Role",
                "metadata": {"name": "lease"},
                "rules": [
                    about | {"verbs": verbs, "resourceNames": [candidates.lease]},
                    about | {"verbs": ["create"]},
                ],
            },
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "RoleBinding",
                "metadata": {"name": "lease"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "lease"},
                "subjects": [who],
            },
        )
        candidates.start("a")
        candidates.wait("a", "leads")
        candidates.start("b")
        candidates.processes["a"].terminate()
        candidates.wait("b", "leads")


def holders(rig: Cluster, candidates: Candidates) -> list[str]:
    """Whom the Lease has named one after the other, as the audit log has it, which may lag."""
    calls = (call for call in rig.audit.calls(resource="leases") if call.writes and call.status < 400)
    named = (call.sent["spec"]["holderIdentity"] for call in calls if _about(call) == candidates.lease)
    return [name for name, _ in itertools.groupby(named)]


def _about(call: Call) -> str:
    """Of what is created, the log has the name in what was sent."""
    return call.name or str(call.sent["metadata"]["name"])


def _ends(candidates: Candidates) -> list[float]:
    return [said.at for said in candidates.said if said.word == "stops"]
