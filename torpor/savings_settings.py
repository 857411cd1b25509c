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
