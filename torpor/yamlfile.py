"""YAML with line numbers, for error messages that point at the place.

The file is data from outside: size, depth and number of nodes are bounded, aliases do not expand, duplicate keys are
errors, and no tag can make an object.
"""

from dataclasses import dataclass, field

import yaml

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 500_000
MAX_DEPTH = 50

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: ten times as quick on thousands of apps, the same nodes."""

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, with its line (1-based) where known."""

    line: int | None
    message: str


class YamlError(ValueError):
    """What is wrong with the text."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(m.message for m in mistakes))
        self.mistakes = mistakes


@dataclass(slots=True)
class Document:
    """The plain data of a YAML text, and the line of every key and item in it."""

    data: object
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int | None:
        """The line of the place, or of the nearest thing around it."""
        while path:
            if path in self.lines:
                return self.lines[path]
            path = path[:-1]
        return self.lines.get(())


def read_yaml(text: str) -> Document:
    """Parse one document. Raises YamlError."""
    if len(text) > MAX_BYTES:
        raise YamlError([Mistake(None, f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")])
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 1, max(1, len(text.splitlines()))) if mark else None
        raise YamlError([Mistake(line, f"not YAML: {error.problem or error.context}")]) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise YamlError([Mistake(None, f"not YAML: {error}")]) from None
    reader = _Reader()
    document = Document(reader.value(node, (), 0) if node else None, reader.lines)
    if reader.mistakes:
        raise YamlError(reader.mistakes)
    return document


class _Reader:
    def __init__(self) -> None:
        self.lines: dict[Path, int] = {}
        self.mistakes: list[Mistake] = []
        self._nodes = 0
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: Path, depth: int) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self._nodes += 1
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            raise YamlError([Mistake(node.start_mark.line + 1, "too deep, too large, or too many aliases")])
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, at), depth + 1) for at, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[object, object]:
        found: dict[object, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = self._scalar(key_node) if isinstance(key_node, yaml.ScalarNode) else None
            if key is None or isinstance(key, bool):
                self.mistakes.append(Mistake(line, "a key must be plain text; quote it if it reads as something else"))
                continue
            if str(key) in found:
                first = self.lines[*path, str(key)]
                self.mistakes.append(Mistake(line, f"{key!r} is here twice; the first is on line {first}"))
                continue
            self.lines[*path, str(key)] = line
            found[str(key)] = self.value(value_node, (*path, str(key)), depth + 1)
        return found

    def _scalar(self, node: yaml.Node) -> object:
        if node.tag == "tag:yaml.org,2002:str":
            return node.value
        if not node.tag.startswith("tag:yaml.org,2002:") or node.tag.endswith(("binary", "timestamp", "merge")):
            return node.value
        try:
            return self._scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            self.mistakes.append(Mistake(node.start_mark.line + 1, f"{node.value!r} cannot be read"))
            return None
