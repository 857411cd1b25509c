"""An app of two containers, one of which writes numbered lines, and what must hold of the lines that are read."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from tests.cluster.rig.images import BUSYBOX
from tests.cluster.torpor.manifests import Tree, app

WRITER = "writer"
SCRIPT = """
run=$(cat /proc/sys/kernel/random/uuid); number=0; most=1000000
[ -e /dev/shm/ran ] || most=40
: > /dev/shm/ran
while [ $number -lt $most ]; do echo "$run $number"; number=$((number + 1)); sleep 0.05; done
"""
"""The first run in a pod ends after two seconds; the next goes on. Each line has the run's name and its number."""


def writing(name: str, script: str = SCRIPT, **more: Any) -> list[Tree]:
    """The tests' app with a second container that writes."""
    workload, *rest = app(name, **more)
    beside = {"name": WRITER, "image": BUSYBOX, "imagePullPolicy": "Never", "command": ["sh", "-c", script]}
    workload["spec"]["template"]["spec"]["containers"].append(beside)
    workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 1
    return [workload, *rest]


def runs(lines: Iterable[Mapping[str, str]]) -> dict[tuple[str, str], list[int]]:
    """The numbers that were told of each run of a writer, by its pod and its own name."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    for line in lines:
        if line.get("container") == WRITER:
            run, _, number = line["line"].partition(" ")
            found[line["pod"], run].append(int(number))
    return found


def must_be_whole(told: Mapping[tuple[str, str], list[int]], before: str) -> None:
    """Of each run every line has come, once, in its order; of the pod that was there before, those of its end."""
    for (pod, run), numbers in told.items():
        first = numbers[0] if pod == before else 0
        assert numbers == list(range(first, first + len(numbers))), (pod, run)
