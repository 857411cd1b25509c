"""Every setting of torpor.yaml for people: name, type, default and what it does, read from torpor.config itself."""

import types
import typing
from dataclasses import asdict, dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from torpor.app_settings import AppSettings, Duration, Hours, Text
from torpor.apply_settings import ApplySettings
from torpor.config import Endpoint, Settings, TlsSettings
from torpor.duration import format_duration
from torpor.headroom_settings import HeadroomSettings, TolerationSettings
from torpor.kubernetes_settings import KubernetesSettings
from torpor.savings_settings import PriceSettings, Quantity, RequestsSettings
from torpor.schedule import NEVER


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting. `name` is its place: `listen`, `apps.NAME.command`."""

    name: str
    type: str
    default: str
    description: str

    def to_json(self) -> dict[str, str]:
        """Plain data for JSON."""
        return asdict(self)


def describe() -> list[Setting]:
    """All settings, in the order of torpor.config: those of Torpor, of its parts, then those of each app."""
    return [
        *_of(Settings, ""),
        *_of(TlsSettings, "tls."),
        *_of(KubernetesSettings, "kubernetes."),
        *_of(HeadroomSettings, "kubernetes.headroom."),
        *_of(ApplySettings, "kubernetes.apply."),
        *_of(PriceSettings, "price."),
        *_of(AppSettings, "apps.NAME."),
        *_of(RequestsSettings, "apps.NAME.requests."),
    ]


def _of(model: type[BaseModel], prefix: str) -> list[Setting]:
    hints = typing.get_type_hints(model, include_extras=True)
    return [
        Setting(prefix + name, _type(hints[name]), _default(field, hints[name]), field.description or "")
        for name, field in model.model_fields.items()
    ]


_NAMES: dict[Any, str] = {
    Duration: "duration",
    Hours: "hours of the week",
    Endpoint: "HOST:PORT",
    Quantity: "quantity",
    Text: "text",
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true | false",
    Path: "path",
    AppSettings: "settings",
    HeadroomSettings: "settings",
    ApplySettings: "settings",
    KubernetesSettings: "settings",
    PriceSettings: "settings",
    RequestsSettings: "settings",
    TlsSettings: "settings",
    TolerationSettings: "toleration",
}


def _type(hint: Any) -> str:
    if hint in _NAMES:
        return _NAMES[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " | ".join(str(member.value) for member in hint)
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return " | ".join(str(value) for value in inside)
    if origin in (types.UnionType, typing.Union):
        return " | ".join(_type(one) for one in inside if one is not types.NoneType)
    if origin is tuple:
        return "list" if isinstance(inside[0], type) and issubclass(inside[0], Enum) else f"list of {_type(inside[0])}"
    if origin is dict:
        return f"map of name to {_type(inside[1])}"
    raise TypeError(f"{hint!r} has no name for people yet")


def _default(field: FieldInfo, hint: Any) -> str:
    value = field.default
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ((), {}, NEVER) or isinstance(value, BaseModel):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if hint == Quantity:
        return f"{value:g}"
    if hint == Duration:
        return format_duration(value)
    if hint == Endpoint:
        return f"{value[0]}:{value[1]}"
    if isinstance(value, tuple):
        return "[" + ", ".join(str(one) for one in value) + "]"
    return str(value)
