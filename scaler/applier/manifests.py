"""Manifests read as data: how much is bounded, and each mistake has its document and its line."""

import re
from dataclasses import dataclass
from typing import Any

from scaler.applier.sets import is_namespace
from torpor.yamlfile import Bounds, Document, Mistake, Path, YamlError, read_documents

type Json = dict[str, Any]

LARGEST = 1024 * 1024
"""Characters of all documents together."""
BOUNDS = Bounds(characters=LARGEST, nodes=50_000, depth=50, documents=100)
ALLOWED = ("name", "namespace", "labels", "annotations")
"""What a manifest may say in its metadata."""
IGNORED = ("creationTimestamp",)
"""What tools write there that mean nothing by it."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
_API_VERSION = re.compile(r"([a-z0-9][-a-z0-9.]{0,251}/)?v[a-z0-9]{1,30}")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One object that somebody wants."""

    number: int
    """Of its document, from 1."""
    api_version: str
    kind: str
    namespace: str
    """Empty where it says none."""
    name: str
    body: Json
    document: Document

    @property
    def line(self) -> int | None:
        """Where it begins."""
        return self.document.line(("apiVersion",))

    @property
    def labels(self) -> dict[str, str]:
        """As written."""
        return dict(self.body["metadata"].get("labels") or {})

    @property
    def annotations(self) -> dict[str, str]:
        """As written."""
        return dict(self.body["metadata"].get("annotations") or {})

    def mistake(self, message: str, *path: str | int) -> Mistake:
        """Something that is wrong with it, at this place."""
        return Mistake(self.document.line(path) if path else self.line, message, self.number)


def read_manifests(text: str) -> list[Manifest]:
    """All objects, in their order. Raises YamlError."""
    found: list[Manifest] = []
    mistakes: list[Mistake] = []
    for number, document in enumerate(read_documents(text, BOUNDS), 1):
        if document.data is None:
            continue
        wrong = list(_wrong(document))
        mistakes += [Mistake(document.line(path), message, number) for path, message in wrong]
        if not wrong and isinstance(document.data, dict):
            found.append(_manifest(number, document, document.data))
    first: dict[tuple[str, str, str], Manifest] = {}
    for one in found:
        same = first.setdefault((one.api_version.rpartition("/")[0], one.kind, one.name), one)
        if same is not one:
            where = f"document {same.number}, line {same.line}"
            mistakes.append(one.mistake(f"{one.kind} {one.name} is here twice; the first is {where}"))
    if not found and not mistakes:
        mistakes.append(Mistake(None, "there is no object in it"))
    if mistakes:
        raise YamlError(mistakes)
    return found


def _manifest(number: int, document: Document, data: Json) -> Manifest:
    meta = {key: value for key, value in data["metadata"].items() if key not in IGNORED and value is not None}
    body = {key: value for key, value in data.items() if key != "status"} | {"metadata": meta}
    return Manifest(number, data["apiVersion"], data["kind"], meta.get("namespace", ""), meta["name"], body, document)


def _wrong(document: Document) -> "list[tuple[Path, str]]":
    data = document.data
    if not isinstance(data, dict):
        return [((), "an object has to be here, with apiVersion, kind and metadata")]
    found: list[tuple[Path, str]] = []
    for key, pattern, such in (("apiVersion", _API_VERSION, "apps/v1"), ("kind", _KIND, "Deployment")):
        value = data.get(key)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            found.append(((key,), f"{key} is missing" if value is None else f"{key} is not one; it is such as {such}"))
    if data.get("kind") == "List":
        found.append((("kind",), "a List is not taken; write each object as a document of its own, after ---"))
    meta = data.get("metadata")
    if not isinstance(meta, dict):
        return [*found, (("metadata",), "metadata is missing")]
    return [*found, *_wrong_metadata(meta)]


def _wrong_metadata(meta: Json) -> "list[tuple[Path, str]]":
    found: list[tuple[Path, str]] = []
    name, namespace = meta.get("name"), meta.get("namespace")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        said = "metadata.name is missing" if name is None else "metadata.name is no name"
        found.append((("metadata", "name"), f"{said}; a number has to be quoted"))
    if namespace is not None and not (isinstance(namespace, str) and is_namespace(namespace)):
        found.append((("metadata", "namespace"), "metadata.namespace is no namespace's name"))
    for key in ("labels", "annotations"):
        pairs = meta.get(key)
        if pairs is not None and not isinstance(pairs, dict):
            found.append((("metadata", key), f"metadata.{key} has to be names with their values"))
        elif pairs:
            bad = [each for each, value in pairs.items() if not isinstance(value, str)]
            found += [(("metadata", key, each), f"the value of {each[:100]} has to be text: quote it") for each in bad]
    for key in meta:
        if key not in ALLOWED and key not in IGNORED:
            allowed = f"allowed are {', '.join(ALLOWED)}"
            found.append((("metadata", key), f"metadata.{key[:100]} is not a manifest's to say; {allowed}"))
    return found
