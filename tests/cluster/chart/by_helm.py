"""Torpor in pods as Helm installs it, on a cluster whose node has the image."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Self

from tests.charts.rendering import CHART
from tests.cluster.rig.api import path
from tests.cluster.rig.until import until
from tests.cluster.torpor.in_pods import SOON, SPACE, InPods

HELM = 400.0
"""Seconds for one call of Helm, which waits for rollouts and hooks."""


class ByHelm(InPods):
    """The release `torpor` in the namespace `torpor`."""

    def helm(self, *arguments: str) -> str:
        """What Helm prints; AssertionError with its complaint when it fails."""
        done = self.try_helm(*arguments)
        assert done.returncode == 0, f"helm {arguments}: {done.stdout}{done.stderr}\n{self.said()}"
        return done.stdout

    def try_helm(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Helm, as an administrator."""
        command = self.cluster.command("helm", "--namespace", SPACE, *arguments)
        environment = self.cluster.environment | {
            f"HELM_{name}_HOME": str(self.cluster.place.directory / "helm" / name)
            for name in ("CACHE", "CONFIG", "DATA")
        }
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HELM, check=False)

    @contextlib.contextmanager
    def installed(self, **values: Any) -> Iterator[Self]:
        """For the length of the block, unless the block has taken it out itself."""
        try:
            self.helm("install", "torpor", str(CHART), "--create-namespace", "--wait", *sets(values))
            yield self
        finally:
            self.take_away()

    def take_away(self) -> None:
        """Whatever is left of it, its namespace and the Lease in there too. Nobody is woken by that."""
        sys.stdout.write(self.said())
        self.try_helm("uninstall", "torpor", "--no-hooks", "--ignore-not-found")
        self.cluster.kubectl("delete", "namespace", SPACE, "--ignore-not-found", "--wait=false")
        until(lambda: not self.cluster.api.find(path("namespaces", name=SPACE)), SOON, "the end of its namespace")

    @contextlib.contextmanager
    def denied(self, user: str, namespace: str, name: str) -> Iterator[None]:
        """This user may not scale this Deployment, whatever its roles say, for the length of the block."""
        about = {"name": "not-today"}
        rule = {
            "apiGroups": ["apps"],
            "apiVersions": ["v1"],
            "operations": ["UPDATE"],
            "resources": ["deployments/scale"],
        }
        kind = "admissionregistration.k8s.io/v1"
        those = (
            f"request.userInfo.username != '{user}' || request.name != '{name}' || request.namespace != '{namespace}'"
        )
        policy = {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": those, "message": "not today"}],
        }
        binding = {"policyName": "not-today", "validationActions": ["Deny"]}
        made = [
            {"apiVersion": kind, "kind": "ValidatingAdmissionPolicy", "metadata": about, "spec": policy},
            {"apiVersion": kind, "kind": "ValidatingAdmissionPolicyBinding", "metadata": about, "spec": binding},
        ]
        asked = ("-n", namespace, "scale", f"deployment/{name}", "--replicas=0", "--dry-run=server", f"--as={user}")
        groups = "--as-group=system:masters"
        self.cluster.apply(*made)
        try:
            until(lambda: not self._takes(*asked, groups), SOON, "the policy", beat=0.2)
            yield
        finally:
            for each in made:
                self.cluster.kubectl("delete", str(each["kind"]), "not-today")
            until(lambda: self._takes(*asked, groups), SOON, "the end of the policy", beat=0.2)

    def _takes(self, *arguments: str) -> bool:
        try:
            self.cluster.kubectl(*arguments)
        except AssertionError:
            return False
        return True

    def traces(self) -> set[str]:
        """`KIND/NAMESPACE/NAME` of all that is in its namespace, or has its name or its release; without Events."""
        kinds = self.cluster.kubectl("api-resources", "--verbs=list,get", "-o", "name").split()
        wanted = ",".join(kind for kind in kinds if kind.partition(".")[0] != "events")
        found = [(each["kind"], each["metadata"]) for each in self.cluster.look(wanted, "--all-namespaces")["items"]]
        return {"/".join((kind, about.get("namespace", ""), about["name"])) for kind, about in found if _ours(about)}


def _ours(about: dict[str, Any]) -> bool:
    release = about.get("labels", {}).get("app.kubernetes.io/instance")
    return "torpor" in about["name"] or about.get("namespace") == SPACE or release == "torpor"


def sets(values: dict[str, Any]) -> list[str]:
    """`--set` for each value; `__` stands for a dot."""
    return [part for key, value in values.items() for part in ("--set", f"{key.replace('__', '.')}={value}")]
