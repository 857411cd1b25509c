"""The file that says `torpor up` is ready, for scripts and tests that wait for it."""

import json
import os
from pathlib import Path

from torpor.words import Address


def write_ready(file: Path, listen: Address, api: Address, tls: Address | None = None) -> None:
    """Write it in one step: who sees the file sees all of it. Raises OSError."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    where = {"listen": str(listen), "api": str(api)} | ({"tls": str(tls)} if tls else {})
    beside.write_text(json.dumps({**where, "pid": os.getpid()}) + "\n")
    beside.replace(file)


def remove_ready(file: Path) -> None:
    """Remove it; a file that is not there is fine."""
    file.unlink(missing_ok=True)
