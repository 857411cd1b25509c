"""Builds Helm from the module that helm/go.mod pins as a tool and go.sum vouches for."""

from pathlib import Path

from tests.cluster.programs.keep import kept, key, say
from tests.cluster.programs.kubernetes import build

HERE = Path(__file__).parent / "helm"


def helm() -> Path:
    """The program: some nine minutes on two cores when nothing is there."""

    def make(place: Path) -> None:
        say("Building Helm")
        build(place, ["-ldflags", "-s -w", "tool"], HERE)

    return kept("helm", key((HERE / name).read_bytes() for name in ("go.mod", "go.sum")), make) / "helm"
