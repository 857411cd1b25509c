"""The part of torpor.yaml that keeps room on a cluster's nodes for apps that wake."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from torpor.quantity import parse_quantity


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
