"""Reading JSON that anybody may have written: a value of the wrong shape is taken for an absent one."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

NAMES = 253
"""Characters of the longest name that the API server takes."""


class Malformed(ValueError):  # noqa: N818 - reads as what it is
    """An object without the little that everything else needs: a name, and a namespace where its kind has them."""


class KindOf(Protocol):
    """What a reader has to know of an object's kind; items of a list do not say it themselves."""

    @property
    def group(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def plural(self) -> str: ...
    @property
    def kind(self) -> str: ...


class Ref(NamedTuple):
    """Which object."""

    group: str
    version: str
    plural: str
    kind: str
    namespace: str
    """Empty for a kind without namespaces."""
    name: str

    def __str__(self) -> str:
        place = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return f"{self.kind} {place}"


class Meta(NamedTuple):
    """What every object carries."""

    namespace: str
    name: str
    uid: str
    resource_version: str
    generation: int
    created: str
    """RFC 3339 in UTC, so that text order is time order; an object without one sorts last."""
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def read_meta(source: object) -> Meta:
    """Raises Malformed for an object without a name."""
    meta = mapping(mapping(source).get("metadata"))
    name, namespace = text(meta.get("name")), text(meta.get("namespace"))
    if not _is_name(name) or (namespace and not _is_name(namespace)):
        raise Malformed("metadata.name is missing or is not a name")
    return Meta(
        namespace,
        name,
        text(meta.get("uid")),
        text(meta.get("resourceVersion")),
        number(meta.get("generation"), 0),
        text(meta.get("creationTimestamp")) or "9999",
        texts(meta.get("labels")),
        texts(meta.get("annotations")),
    )


def read_ref(kind: KindOf, meta: Meta) -> Ref:
    """Which object carries this."""
    return Ref(kind.group, kind.version, kind.plural, kind.kind, meta.namespace, meta.name)


def mapping(value: object) -> Mapping[str, object]:
    """The value if it is an object of JSON, else an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[object]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def text(value: object, default: str = "") -> str:
    """The value if it is text."""
    return value if isinstance(value, str) else default


def number[T](value: object, default: T) -> int | T:
    """The value if it is a whole number; true and false are none."""
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def texts(value: object) -> dict[str, str]:
    """The entries of an object whose values are text."""
    return {key: entry for key, entry in mapping(value).items() if isinstance(entry, str)}


def fields(value: object) -> Mapping[str, object]:
    """The value if it is an object, an empty one if it is absent. Where less than was said would mean more, as it does
    in what a route asks for, anything else is Malformed."""
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{str(value)[:40]!r} stands where an object belongs")
    return value


def entries(value: object) -> list[object]:
    """The same for lists."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise Malformed(f"{str(value)[:40]!r} stands where a list belongs")
    return value


def said(value: object, default: str = "") -> str:
    """The same for text."""
    if value is None:
        return default
    if not isinstance(value, str):
        raise Malformed(f"{str(value)[:40]!r} stands where text belongs")
    return value


def port(value: object) -> int | str | None:
    """A port as Kubernetes writes them: a number, or the name of one."""
    if isinstance(value, str):
        if value.isascii() and value.isdecimal() and len(value) <= 5:
            return port(int(value))
        return value if 0 < len(value) <= 63 and value.isascii() and value.replace("-", "").isalnum() else None
    found = number(value, 0)
    return found if 0 < found < 65536 else None


def _is_name(value: str) -> bool:
    return 0 < len(value) <= NAMES and value.isascii() and value.isprintable() and not set(value) & set("/% :~@[]=")
