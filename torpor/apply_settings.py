"""The part of torpor.yaml that says what may be applied to a cluster, and by whom."""

from pydantic import BaseModel, ConfigDict, Field


class ApplySettings(BaseModel):
    """What `torpor apply` may do in a cluster. As long as no namespace is named, that is nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    namespaces: tuple[str, ...] = Field(
        default=(),
        description="The namespaces in which `torpor apply` may make, change and delete: neither Torpor's own nor "
        "`kube-…`. Default: none.",
    )
    kinds: tuple[str, ...] = Field(
        default=(
            "configmaps",
            "services",
            "deployments.apps",
            "statefulsets.apps",
            "ingresses.networking.k8s.io",
        ),
        description="The kinds that it may, such as `httproutes.gateway.networking.k8s.io`; they have to be in "
        "namespaces.",
    )
    accounts: tuple[str, ...] = Field(
        default=(),
        description="ServiceAccounts, as `namespace/name`, whose tokens permit that, beside the API's own `token`.",
    )
