"""What a cluster sees instead of the machine: a network without a way out, mounts and processes of its own.

All of it is gone, by the kernel's hand, when the first process in it ends; only control groups have to be swept.
"""

import contextlib
import os
import subprocess
import time
from pathlib import Path

from tests.cluster.rig.place import NODE_ADDRESS, NODE_NET, SERVICE_NET, Place

CGROUPS = Path("/sys/fs/cgroup")
LIKED = {  # protectKernelDefaults looks for these
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
WRITTEN_TO = ("/var", "/run")
"""Where components write whatever they are told: they get a copy that is forgotten."""


SWEEPING = 3.0
"""Seconds; a control group is busy for an instant after its last process has gone."""


def leave() -> None:
    """Part with the machine's mounts and network; the next child is the first of its own process ids."""
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWNET | os.CLONE_NEWPID)


def furnish(place: Place) -> None:
    """Make it habitable, as the first process in there."""
    _run("mount", "--make-rprivate", "/")
    _run("mount", "-t", "proc", "proc", "/proc")
    _mount(place)
    _connect()


def make_cgroup(name: str) -> None:
    """The control group of a cluster's pods: in every hierarchy (v1) or in the one there is (v2)."""
    if (CGROUPS / "cgroup.controllers").exists():
        (CGROUPS / name).mkdir(exist_ok=True)
        for directory in (CGROUPS, CGROUPS / name):
            for controller in (CGROUPS / "cgroup.controllers").read_text().split():
                with contextlib.suppress(OSError):  # not each can be handed down, and pods need not each
                    (directory / "cgroup.subtree_control").write_text(f"+{controller}")
        return
    for hierarchy in CGROUPS.iterdir():
        if hierarchy.name != "unified" and not hierarchy.is_symlink():
            (hierarchy / name).mkdir(exist_ok=True)
    cpuset = CGROUPS / "cpuset"
    if cpuset.is_dir():
        for setting in ("cpuset.cpus", "cpuset.mems"):  # a new group has none, and takes no process then
            (cpuset / name / setting).write_text((cpuset / setting).read_text())


def sweep(name: str) -> None:
    """Remove a cluster's control groups. Those that still have processes after a while stay."""
    deadline = time.monotonic() + SWEEPING
    while (tops := [top for top in (CGROUPS / name, *CGROUPS.glob(f"*/{name}")) if top.exists()]) and (
        time.monotonic() < deadline
    ):
        for top in tops:
            for directory, _, _ in os.walk(top, topdown=False):
                with contextlib.suppress(OSError):
                    Path(directory).rmdir()
        time.sleep(0.02)


def _mount(place: Place) -> None:
    _run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", str(place.data))
    kept = os.open(place.directory, os.O_PATH)
    for path in WRITTEN_TO:
        layers = place.data / "overlay" / path.strip("/")
        for part in ("upper", "work"):
            (layers / part).mkdir(parents=True)
        options = f"lowerdir={path},upperdir={layers}/upper,workdir={layers}/work"
        _run("mount", "-t", "overlay", "-o", options, "overlay", path)
        if place.directory.is_relative_to(path):
            _run("mount", "--rbind", f"/proc/{os.getpid()}/fd/{kept}", str(place.directory))
    os.close(kept)
    Path("/var/log/containers").mkdir(exist_ok=True)
    for name, value in LIKED.items():
        shown = place.data / "sysctl" / name
        shown.parent.mkdir(parents=True, exist_ok=True)
        shown.write_text(f"{value}\n")
        _run("mount", "--bind", str(shown), f"/proc/sys/{name}")


def _connect() -> None:
    """Loopback, and a bridge without ports that carries the node's address (not every kernel has dummy devices)."""
    _run("ip", "link", "set", "lo", "up")
    _run("ip", "link", "add", "node0", "type", "bridge")
    _run("ip", "addr", "add", f"{NODE_ADDRESS}/{NODE_NET.partition('/')[2]}", "dev", "node0")
    _run("ip", "link", "set", "node0", "up")
    _run("ip", "route", "add", SERVICE_NET, "dev", "node0")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
