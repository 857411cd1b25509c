"""A page of docs/, whose commands are run as they are written."""

import re
import subprocess
from pathlib import Path

from tests.cluster.rig.cluster import Cluster
from tests.cluster.torpor.running import ROOT, TORPOR

DEADLINE = 400.0
"""Seconds for the commands of one section."""


class Page:
    """In the directory of the project, with `torpor`, `kubectl`, `helm` and `curl` at hand, as an administrator."""

    def __init__(self, file: Path, cluster: Cluster, directory: Path) -> None:
        self.sections = sections(file.read_text(encoding="utf-8"))
        self._cluster = cluster
        torpor = directory / "torpor"
        torpor.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {" ".join(TORPOR)} "$@"\n')
        torpor.chmod(0o755)
        homes = {f"HELM_{name}_HOME": str(directory / name) for name in ("CACHE", "CONFIG", "DATA")}
        self._environment = cluster.environment | homes
        self._environment["PATH"] = f"{directory}:{self._environment['PATH']}"

    def run(self, section: str) -> str:
        """Its commands, one after the other, and what they say; what they have begun beside them ends with them.
        AssertionError when one fails."""
        script = f"set -eux\ntrap 'kill $(jobs -p) || true' EXIT\n{self.sections.pop(section)}"
        done = subprocess.run(
            self._cluster.command("bash", "-c", script),
            env=self._environment,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout


def sections(text: str) -> dict[str, str]:
    """The commands in the `sh` blocks of each section that has such."""
    found: dict[str, str] = {}
    for part in re.split(r"^## ", text, flags=re.MULTILINE):
        heading, _, rest = part.partition("\n")
        if commands := "".join(re.findall(r"^```sh\n(.*?)^```$", rest, re.MULTILINE | re.DOTALL)):
            found[heading] = commands
    return found
