"""Builds Kubernetes' own programs, and the tests' app, from the modules that go.mod pins and go.sum vouches for."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.programs.keep import kept, key, say

HERE = Path(__file__).parent
TELL = 20.0
"""Seconds between two words about a build that goes on."""
DEADLINE = 3000.0
"""Seconds that a build may take; on two cores it takes some ten minutes when nothing is there."""


def go() -> str | None:
    """Go, if this machine has it."""
    return shutil.which("go")


def programs() -> Path:
    """The directory with kube-apiserver, kube-controller-manager, kube-scheduler, kubelet and kube-proxy."""
    version = _version()
    flags = ["-ldflags", f"-s -w -X k8s.io/component-base/version.gitVersion=v{version}"]
    packages = re.findall(r"^\t(k8s\.io/kubernetes/cmd/\S+)$", (HERE / "go.mod").read_text(), re.MULTILINE)

    def make(place: Path) -> None:
        say(f"Building Kubernetes {version}: {', '.join(Path(package).name for package in packages)}")
        build(place, [*flags, *packages])

    return kept("kubernetes", key([*_pins(), *flags]), make)


def app() -> Path:
    """The program in the tests' image."""
    sources = sorted((HERE / "app").glob("*.go"))

    def make(place: Path) -> None:
        say("Building the tests' app")
        build(place, ["-ldflags", "-s -w", "./app"])

    return kept("app", key([*_pins(), *(source.read_bytes() for source in sources)]), make) / "app"


def build(place: Path, arguments: Sequence[str], where: Path = HERE) -> None:
    """One `go build` of all packages, as they share most of what they are made of; `where` is their module."""
    command = [go() or "go", "build", "-v", "-trimpath", "-buildvcs=false", "-o", f"{place}/", *arguments]
    settings = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off", "GOFLAGS": ""}
    began = told = time.monotonic()
    last: list[str] = []
    with subprocess.Popen(command, cwd=where, env=settings, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for count, line in enumerate(process.stderr, start=1):
            last = [*last[-19:], line]
            now = time.monotonic()
            if now - told >= TELL:
                told = now
                say(f"  {now - began:4.0f} s: {count} steps done, now {line.strip()}")
            if now - began > DEADLINE:
                process.kill()
        code = process.wait()
    if code != 0:
        raise RuntimeError(f"go build ended with {code}:\n{''.join(last)}")
    say(f"  done in {time.monotonic() - began:.0f} s")


def _pins() -> list[bytes]:
    return [(HERE / name).read_bytes() for name in ("go.mod", "go.sum")]


def _version() -> str:
    found = re.search(r"k8s\.io/kubernetes v(\S+)", (HERE / "go.mod").read_text())
    assert found, "go.mod pins no Kubernetes"
    return found[1]
