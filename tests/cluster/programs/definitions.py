"""Kinds as their makers define them, out of the Go modules that crds/go.mod pins and go.sum vouches for."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tests.cluster.programs.keep import kept, key
from tests.cluster.programs.kubernetes import go

HERE = Path(__file__).parent / "crds"
DEADLINE = 300.0
"""Seconds that one download may take."""


class Maker(NamedTuple):
    """A module, and where in it the CustomResourceDefinitions are: `GROUP_PLURAL.yaml` each."""

    module: str
    directory: str


GATEWAY_API = Maker("sigs.k8s.io/gateway-api", "config/crd/standard")
MONITORING = Maker("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd")


def fetched() -> Path:
    """The directory with all of them, by module."""
    return kept("definitions", key((HERE / name).read_bytes() for name in ("go.mod", "go.sum")), _make)


def definitions(maker: Maker, *plurals: str) -> list[dict[str, Any]]:
    """The CustomResourceDefinitions of these kinds."""
    place = fetched() / maker.module
    files = [file for plural in plurals for file in place.glob(f"*_{plural}.yaml")]
    assert len(files) == len(plurals), f"{maker.module} has not all of {plurals}"
    return [yaml.safe_load(file.read_text()) for file in files]


def _make(place: Path) -> None:
    for maker in (GATEWAY_API, MONITORING):
        told = subprocess.run(
            [go() or "go", "mod", "download", "-json", maker.module],
            cwd=HERE,
            env={**os.environ, "GOWORK": "off", "GOFLAGS": "-mod=readonly"},
            stdout=subprocess.PIPE,
            check=True,
            timeout=DEADLINE,
        )
        (place / maker.module).mkdir(parents=True)
        for file in (Path(json.loads(told.stdout)["Dir"]) / maker.directory).glob("*.yaml"):
            shutil.copyfile(file, place / maker.module / file.name)
