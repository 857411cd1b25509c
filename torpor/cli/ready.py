"""The file that says `torpor up` is ready, for scripts and tests that wait for it."""

import json
import os
from pathlib import Path

from torpor.words import Address


def write_ready(file: Path, listen: Address, api: Address) -> None:
    """Write it in one step: who sees the file sees all of it. Raises OSError."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    beside.write_text(json.dumps({"listen": str(listen), "api": str(api), "pid": os.getpid()}) + "\n")
    beside.replace(file)


def remove_ready(file: Path) -> None:
    """Remove it; a file that is not there is fine."""
    file.unlink(missing_ok=True)
