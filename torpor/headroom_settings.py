"""The part of torpor.yaml that keeps room on a cluster's nodes for apps that wake."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from torpor.quantity import parse_quantity


class TolerationSettings(BaseModel):
    """A taint that placeholders bear, in the words of a pod; what is left out is any."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str | None = Field(default=None, min_length=1, max_length=317)
    operator: Literal["Equal", "Exists"] | None = None
    value: str | None = Field(default=None, max_length=63)
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None


class HeadroomSettings(BaseModel):
    """How much room, and what holds it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    count: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Placeholder pods at most; there are never more than sleeping apps would start pods.",
    )
    cpu: str = Field(
        default="2", description="The most CPU that one placeholder asks for, such as `500m`, however much apps do."
    )
    memory: str = Field(
        default="4Gi",
        description="The most memory that one placeholder asks for, such as `512Mi`, however much apps do.",
    )
    image: str = Field(
        default="registry.k8s.io/pause:3.10",
        min_length=1,
        max_length=500,
        description="What placeholders run: something that does nothing.",
    )
    priority_class: str = Field(
        default="torpor-headroom",
        pattern=r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$",
        description="Their PriorityClass, whose value has to be below zero; examples/kubernetes/headroom.yaml has it.",
    )

    node_selector: dict[str, str] = Field(
        default={}, max_length=20, description="Labels of the nodes whose room is held. Default: all nodes."
    )
    tolerations: tuple[TolerationSettings, ...] = Field(
        default=(),
        max_length=20,
        description="Taints of nodes whose room is held all the same, each with `key`, `operator`, `value` and "
        "`effect`, as pods have them.",
    )

    @field_validator("cpu", "memory", mode="before")
    @classmethod
    def _amount(cls, value: object) -> str:
        parse_quantity(value)
        return str(value)

    @property
    def most_cpu(self) -> Decimal:
        """In cores."""
        return parse_quantity(self.cpu)

    @property
    def most_memory(self) -> Decimal:
        """In bytes."""
        return parse_quantity(self.memory)
