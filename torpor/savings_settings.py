"""The parts of torpor.yaml by which savings are reckoned: what apps keep free for themselves, and what that costs."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from torpor.quantity import parse_quantity

Quantity = Annotated[Decimal, PlainValidator(parse_quantity)]


class RequestsSettings(BaseModel):
    """What one app needs while it is awake."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu: Quantity = Field(
        default=Decimal(0), description="CPU that the app needs while it is awake, in cores: `0.5`, `250m`."
    )
    memory: Quantity = Field(
        default=Decimal(0), description="Memory that the app needs while it is awake, in bytes: `512Mi`, `2G`."
    )


class PriceSettings(BaseModel):
    """What it costs to keep something free."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cpu_core_hour: float = Field(default=0.0, ge=0, le=1e6, description="What one core costs in an hour.")
    memory_gib_hour: float = Field(default=0.0, ge=0, le=1e6, description="What one GiB of memory costs in an hour.")
    currency: str = Field(
        default="EUR", min_length=1, max_length=8, pattern=r"^\S*$", description="In which currency that is."
    )
