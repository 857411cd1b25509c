"""What an apply would change in an object, for people: a unified diff of YAML without what the server keeps for itself.

What a Secret holds is not shown, only that it would change; nor is the copy of an object that kubectl keeps in it.
"""

import difflib
import hashlib
import secrets
from typing import Any

import yaml

type Json = dict[str, Any]

LONGEST = 64 * 1024
"""Characters of a diff; what is more is left out, and said so."""
_SERVERS = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")
_COPY = "kubectl.kubernetes.io/last-applied-configuration"
_KEY = secrets.token_bytes(16)
"""So that nobody can try out what a hidden value might be."""


def diff(before: Json | None, after: Json) -> str:
    """From one to the other; empty where nothing changes. Both as the server has them."""
    old = [] if before is None else _lines(before)
    text = "".join(difflib.unified_diff(old, _lines(after), "now", "then", n=3))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… and {len(text) - LONGEST} characters more\n"


def _lines(source: Json) -> list[str]:
    meta = {key: value for key, value in (source.get("metadata") or {}).items() if key not in _SERVERS}
    annotations = {key: value for key, value in (meta.pop("annotations", None) or {}).items() if key != _COPY}
    meta |= {"annotations": annotations} if annotations else {}
    shown = {key: value for key, value in source.items() if key != "status"} | {"metadata": meta}
    if source.get("kind") == "Secret":
        for key in ("data", "stringData"):
            if isinstance(shown.get(key), dict):
                shown[key] = {name: _hidden(value) for name, value in shown[key].items()}
    return yaml.safe_dump(shown, allow_unicode=True, width=1_000_000).splitlines(keepends=True)


def _hidden(value: object) -> str:
    digest = hashlib.blake2b(str(value).encode("utf-8", "surrogatepass"), key=_KEY, digest_size=4)
    return f"(hidden, {digest.hexdigest()})"
