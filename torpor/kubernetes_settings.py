"""The part of torpor.yaml that makes a scaler look after a cluster: which routes are its own, and who may ask it."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from torpor.apply_settings import ApplySettings
from torpor.headroom_settings import HeadroomSettings

SYSTEM = "kube-"
"""What the names of Kubernetes' own namespaces begin with, and no others should."""


class KubernetesSettings(BaseModel):
    """How `torpor scaler` finds the apps of a cluster, instead of `apps`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespaces: tuple[str, ...] = Field(
        default=(), description="The namespaces whose workloads and routes are looked after. Default: all."
    )
    ingress_classes: tuple[str, ...] = Field(
        default=("torpor",), description="The Ingress classes whose routes are served."
    )
    ingress_without_class: bool = Field(default=False, description="Whether Ingresses without a class are served too.")
    gateways: tuple[str, ...] = Field(
        default=(), description="Gateways, as `namespace/name`, whose HTTPRoutes are served; they need not exist."
    )
    gateway_classes: tuple[str, ...] = Field(
        default=("torpor",), description="The Gateway classes whose Gateways' HTTPRoutes are served."
    )
    scalable: tuple[str, ...] = Field(
        default=(),
        description="What else can be scaled, beside Deployments and StatefulSets, such as `rollouts.argoproj.io`. It "
        "must have a scale subresource.",
    )
    autoscaler: bool = Field(
        default=False,
        description="Whether nodes are added when pods find no room: such pods are then waited for until the wake's "
        "timeout, and the wake does not fail at once.",
    )
    team_label: str = Field(
        default="",
        max_length=317,
        description="The label of workloads that says whose they are, such as `team`: savings are summed up by it.",
    )
    namespace: str = Field(default="torpor", description="Where Torpor itself runs; its Lease is there.")
    proxies: tuple[str, ...] = Field(
        default=("torpor/torpor-proxy",),
        description="ServiceAccounts, as `namespace/name`, whose tokens a proxy may show at the link.",
    )
    headroom: HeadroomSettings | None = Field(
        default=None,
        description="Room on the nodes for apps that wake, held by placeholder pods that give way. Default: none.",
    )
    apply: ApplySettings = Field(default=ApplySettings(), description="What `torpor apply` may do. Default: nothing.")

    @model_validator(mode="after")
    def _apart(self) -> Self:
        """Whoever may apply in a namespace can run a pod with any ServiceAccount that is there."""
        own = {self.namespace, *(account.partition("/")[0] for account in self.proxies)}
        for at, name in enumerate(self.apply.namespaces):
            if name in own or name.startswith(SYSTEM):
                whose = "Torpor itself" if name in own else "the cluster itself"
                message = f"{name!r} is not allowed: who applies there can run pods with the rights of {whose}"
                where = ("kubernetes", "apply", "namespaces", at)
                raise PydanticCustomError("torpor", "{message}", {"message": message, "where": where})
        return self
