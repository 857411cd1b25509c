"""Which pods belong to something: label selectors, in both forms in which Kubernetes writes them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from scaler.runtimes.kubernetes.objects.reading import items, mapping, text, texts

_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")
_TERMS = re.compile(r"\s*((?:[^,()]|\([^()]*\))+)\s*(?:,|$)")
_SET = re.compile(r"(\S+)\s+(in|notin)\s*\(([^()]*)\)")
_EQUAL = re.compile(r"([^\s!=]+)\s*(==|=|!=)\s*(\S*)")
LONGEST = 16 * 1024


class Expression(NamedTuple):
    """One requirement on one label; `operator` is In, NotIn, Exists or DoesNotExist."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """As `LabelSelectorRequirement` has it: NotIn holds for an absent label too."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


@dataclass(frozen=True, slots=True)
class Selector:
    """All of it has to hold. An empty one selects nothing here: nobody could say whose pods those would be."""

    labels: Mapping[str, str] = field(default_factory=dict)
    expressions: tuple[Expression, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether a pod with these labels is selected."""
        return (
            bool(self)
            and all(labels.get(key) == value for key, value in self.labels.items())
            and all(expression.holds(labels) for expression in self.expressions)
        )

    def __bool__(self) -> bool:
        return bool(self.labels or self.expressions)


def read_selector(value: object) -> Selector:
    """A LabelSelector (`matchLabels`, `matchExpressions`), or one written as text, as a scale's status has it.

    A requirement that cannot be understood makes the selector select nothing: fewer pods than meant are a pity,
    more than meant are somebody else's.
    """
    if isinstance(value, str):
        return _parse(value)
    source = mapping(value)
    labels = texts(source.get("matchLabels"))
    expressions = tuple(_expression(entry) for entry in items(source.get("matchExpressions")))
    if len(labels) != len(mapping(source.get("matchLabels"))) or None in expressions:
        return Selector()
    return Selector(labels, tuple(entry for entry in expressions if entry is not None))


def _expression(value: object) -> Expression | None:
    source = mapping(value)
    key, operator = text(source.get("key")), text(source.get("operator"))
    values = frozenset(entry for entry in items(source.get("values")) if isinstance(entry, str))
    return Expression(key, operator, values) if key and operator in _OPERATORS else None


def _parse(written: str) -> Selector:
    labels: dict[str, str] = {}
    expressions: list[Expression] = []
    place = 0
    if len(written) > LONGEST:
        return Selector()
    while place < len(written):
        term = _TERMS.match(written, place)
        if term is None:
            return Selector()
        place = term.end()
        one = term[1].strip()
        if found := _SET.fullmatch(one):
            values = frozenset(value.strip() for value in found[3].split(","))
            expressions.append(Expression(found[1], "In" if found[2] == "in" else "NotIn", values))
        elif found := _EQUAL.fullmatch(one):
            if found[2] == "!=":
                expressions.append(Expression(found[1], "NotIn", frozenset({found[3]})))
            else:
                labels[found[1]] = found[3]
        elif one.startswith("!") and one[1:].split():
            expressions.append(Expression(one[1:].strip(), "DoesNotExist"))
        elif one and not set(one) & set(" !=()"):
            expressions.append(Expression(one, "Exists"))
        else:
            return Selector()
    return Selector(labels, tuple(expressions))
