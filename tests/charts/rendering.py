"""What Helm makes of the chart, without a cluster."""

import copy
import functools
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.programs import fill, helm

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "torpor"
VALUES = sorted((CHART / "ci").glob("*.yaml"))
DEADLINE = 60.0

type Tree = dict[str, Any]


@functools.cache
def program() -> str:
    """Helm, as the tests of a cluster have it; without, these tests are left out, which on CI is a failure."""
    if (reason := fill.missing()) is not None:
        leave_out = pytest.skip if os.environ.get("CI", "").lower() in ("", "0", "false") else pytest.fail
        leave_out(f"LEFT OUT: all tests of the chart: {reason}")
    return str(helm.helm())


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Helm, with nobody's settings."""
    home = {f"HELM_{name}_HOME": "/nonexistent" for name in ("CACHE", "CONFIG", "DATA")}
    environment = {"PATH": "/usr/bin:/bin", "KUBECONFIG": "/dev/null", **home}
    command = [program(), *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False)


def rendered(
    values: Path | None = None,
    *,
    chart: Path = CHART,
    release: str = "torpor",
    kinds: tuple[str, ...] = (),
    **more: Any,
) -> list[Tree]:
    """All objects, hooks too, with the values of a file and `more` on top. `kinds` are those that a cluster has."""
    arguments: list[str | Path] = ["template", release, chart, "--namespace", "torpor"]
    arguments += ["--values", values] if values is not None else []
    arguments += [part for kind in kinds for part in ("--api-versions", kind)]
    arguments += [
        part for key, value in more.items() for part in ("--set-json", f"{key.replace('__', '.')}={json.dumps(value)}")
    ]
    return copy.deepcopy(_made(*arguments))


@functools.cache
def _made(*arguments: str | Path) -> list[Tree]:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.load_all(done.stdout, yaml.CSafeLoader) if one is not None]


def one(objects: list[Tree], kind: str, name: str) -> Tree:
    """The object of this kind and name."""
    (found,) = (each for each in objects if (each["kind"], each["metadata"]["name"]) == (kind, name))
    return found


def with_files(directory: Path, files: dict[str, str]) -> Path:
    """A copy of the chart with these files in it as well."""
    chart = shutil.copytree(CHART, directory / "torpor")
    for name, text in files.items():
        (chart / name).parent.mkdir(exist_ok=True)
        (chart / name).write_text(text)
    return chart
