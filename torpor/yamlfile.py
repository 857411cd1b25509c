"""YAML with line numbers, for error messages that point at the place.

The file is data from outside: size, depth and number of nodes are bounded, aliases do not expand, duplicate keys are
errors, and no tag can make an object. Depth and number are looked at before libyaml puts a document together: it does
so by calling itself, and a megabyte of brackets would end the process; a megabyte of commas would take hundreds more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

MAX_BYTES = 4 * 1024 * 1024
MAX_NODES = 500_000
MAX_DEPTH = 50
TOO_MUCH = "too deep, too large, or too many aliases"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml where PyYAML was built with it: ten times as quick on thousands of apps, the same nodes."""

type Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much is read at most. `characters` and `nodes` are of all documents together."""

    characters: int = MAX_BYTES
    nodes: int = MAX_NODES
    depth: int = MAX_DEPTH
    documents: int = 1


ONE = Bounds()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong, with its line (1-based) where known, and its document where there may be several."""

    line: int | None
    message: str
    document: int | None = None

    def __str__(self) -> str:
        places = [("document", self.document), ("line", self.line)]
        where = ", ".join(f"{what} {number}" for what, number in places if number is not None)
        return f"{where}: {self.message}" if where else self.message


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
    try:
        documents = read_documents(text, ONE)
    except YamlError as error:
        raise YamlError([Mistake(one.line, one.message) for one in error.mistakes]) from None
    return documents[0] if documents else Document(None)


def read_documents(text: str, bounds: Bounds) -> list[Document]:
    """Parse them all; one without anything in it holds None. Raises YamlError, whose mistakes name the document."""
    if len(text) > bounds.characters:
        most = bounds.characters
        size = f"{most // 1024 // 1024} MiB" if most >= 1024 * 1024 else f"{most // 1024} KiB"
        raise YamlError([Mistake(None, f"the file is larger than {size}")])
    _check_bounds(text, bounds)
    found: list[Document] = []
    mistakes: list[Mistake] = []
    nodes = 0
    for node in _understood(yaml.compose_all(text, Loader=_LOADER), text, 0):
        reader = _Reader(bounds, len(found) + 1, nodes)
        found.append(Document(reader.value(node, (), 0), reader.lines))
        mistakes += reader.mistakes
        nodes = reader.nodes
    if mistakes:
        raise YamlError(mistakes)
    return found


def _check_bounds(text: str, bounds: Bounds) -> None:
    depth = documents = line = nodes = 0
    for event in _understood(yaml.parse(text, Loader=_LOADER), text, None):
        line = event.start_mark.line + 1 if event.start_mark else line
        nodes += isinstance(event, yaml.NodeEvent)
        if nodes > 2 * bounds.nodes:  # no value has more than one key
            raise YamlError([Mistake(line, TOO_MUCH, documents)])
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > bounds.documents:
                most = "one document is" if bounds.documents == 1 else f"{bounds.documents} documents are"
                raise YamlError([Mistake(line, f"not more than {most} allowed", documents)])
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > bounds.depth + 1:
                raise YamlError([Mistake(line, TOO_MUCH, documents)])
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def _understood[T](parts: Iterator[T], text: str, done: int | None) -> Iterator[T]:
    """The same, with errors as YamlError. `done` documents are through, or, with None, are counted by events."""
    number = done or 0
    while True:
        try:
            part = next(parts)
        except StopIteration:
            return
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = min(mark.line + 1, max(1, len(text.splitlines()))) if mark else None
            at = max(1, number + (done is not None))
            raise YamlError([Mistake(line, f"not YAML: {error.problem or error.context}", at)]) from None
        except (yaml.YAMLError, RecursionError) as error:
            raise YamlError([Mistake(None, f"not YAML: {error}")]) from None
        number += done is not None or isinstance(part, yaml.DocumentStartEvent)
        yield part


class _Reader:
    def __init__(self, bounds: Bounds, document: int, nodes: int) -> None:
        self.lines: dict[Path, int] = {}
        self.mistakes: list[Mistake] = []
        self.nodes = nodes
        self._bounds = bounds
        self._document = document
        self._scalars = yaml.SafeLoader("")

    def value(self, node: yaml.Node, path: Path, depth: int) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        self.nodes += 1
        if depth > self._bounds.depth or self.nodes > self._bounds.nodes:
            raise YamlError([Mistake(node.start_mark.line + 1, TOO_MUCH, self._document)])
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
                self._wrong(line, "a key must be plain text; quote it if it reads as something else")
                continue
            if str(key) in found:
                first = self.lines[*path, str(key)]
                self._wrong(line, f"{key!r} is here twice; the first is on line {first}")
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
            self._wrong(node.start_mark.line + 1, f"{node.value!r} cannot be read")
            return None

    def _wrong(self, line: int, message: str) -> None:
        self.mistakes.append(Mistake(line, message, self._document))
