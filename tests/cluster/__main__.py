"""A cluster at hand, for whoever works on Torpor: `python -m tests.cluster --help`."""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster.programs import fill
from tests.cluster.rig import images
from tests.cluster.rig.cluster import Cluster, running

NAME = "dev"


def main() -> int:
    """One command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("--name", default=os.environ.get("TORPOR_CLUSTER", NAME), help="which cluster (default: dev)")
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start one; it stays until `down`")
    up.add_argument("--control-plane", action="store_true", help="without a node: no pods, half the memory")
    commands.add_parser("down", help="end it and forget what was in it")
    commands.add_parser("list", help="the clusters that run")
    commands.add_parser("programs", help="only fill the cache with what a cluster runs")
    writing = commands.add_parser("images", help="write the tests' images, for a cluster that somebody else brings up")
    writing.add_argument("directory", type=Path)
    for name, what in (
        ("kubectl", "kubectl …, as an administrator"),
        ("run", "run a command in its network, with this machine's files"),
        ("shell", "a shell of that kind"),
    ):
        commands.add_parser(name, help=what).add_argument("arguments", nargs=argparse.REMAINDER)
    told = parser.parse_args()
    reason = fill.missing()
    if reason is not None:
        sys.stderr.write(f"\n*** No cluster here, and no tests that want one: {reason}. ***\n\n")
        return int(told.command != "programs")  # the tests themselves decide whether that is a failure
    match told.command:
        case "programs":
            fill.fill()
        case "images":
            written = images.write(told.directory, fill.fill())
            sys.stdout.write("".join(f"{file}\n" for file in written))
        case "list":
            sys.stdout.write("".join(f"{name}\n" for name in running()))
        case "up":
            began = time.monotonic()
            cluster = Cluster.start(told.name, node=not told.control_plane)
            cluster.keep()
            sys.stdout.write(f"{told.name} is up after {time.monotonic() - began:.1f} s: {cluster.place.directory}\n")
        case _ if told.name not in running():
            sys.exit(f"There is no cluster {told.name}: python -m tests.cluster --name {told.name} up")
        case "down":
            Cluster.attach(told.name).end()
        case _:
            first = {"kubectl": ["kubectl"], "run": [], "shell": [os.environ.get("SHELL", "/bin/sh")]}[told.command]
            cluster = Cluster.attach(told.name)
            command = cluster.command(*first, *told.arguments)
            return subprocess.run(command, env=cluster.environment, check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
