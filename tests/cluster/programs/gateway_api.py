"""The Gateway API's own definitions of its kinds, out of the Go module that crds/go.mod pins and go.sum vouches for."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.programs.keep import kept, key
from tests.cluster.programs.kubernetes import go

HERE = Path(__file__).parent / "crds"
MODULE = "sigs.k8s.io/gateway-api"
DEADLINE = 300.0
"""Seconds that the download may take."""


def fetched() -> Path:
    """The directory with the CustomResourceDefinitions of its standard channel."""
    return kept("gateway-api", key((HERE / name).read_bytes() for name in ("go.mod", "go.sum")), _make)


def definitions() -> list[dict[str, Any]]:
    """Those CustomResourceDefinitions."""
    return [yaml.safe_load(file.read_text()) for file in sorted(fetched().glob("*.yaml"))]


def _make(place: Path) -> None:
    told = subprocess.run(
        [go() or "go", "mod", "download", "-json", MODULE],
        cwd=HERE,
        env={**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=readonly"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=DEADLINE,
    )
    for file in Path(json.loads(told.stdout)["Dir"]).glob("config/crd/standard/*.yaml"):
        shutil.copyfile(file, place / file.name)
