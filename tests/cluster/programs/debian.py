"""Unpacks, without installing, what Debian has of a cluster: from the mirror that this machine's apt is set to use.

Containers' and CNI's programs change little and are not what is tested, so they come ready-made. Most come from the
rolling suite, because a stable one's containerd is too old for this kubelet; what is bound to the machine's C library
comes from the machine's own release.
"""

import platform
import shutil
import subprocess
from pathlib import Path

from tests.cluster.programs.keep import kept, key, say

ROLLING = ("containerd", "containernetworking-plugins", "etcd-server", "etcd-client", "busybox-static", "kubectl")
OWN = ("runc", "nftables", "libnftables1", "libnftnl11", "libmnl0", "libjansson4", "libxtables12")
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEADLINE = 900.0
"""Seconds for one call of apt."""


def missing() -> str | None:
    """Why this machine cannot: not Debian, or no apt; None when it can."""
    if shutil.which("apt-get") is None or shutil.which("dpkg") is None:
        return "apt-get and dpkg (of Debian) are not here"
    if platform.freedesktop_os_release().get("ID") != "debian":
        return "this is no Debian, and its packages are taken from there"
    return None


def unpacked() -> Path:
    """A directory with `rolling` and `own`, each a file system's root with the packages of that suite."""
    release = platform.freedesktop_os_release()["VERSION_CODENAME"]

    def make(place: Path) -> None:
        mirror = _mirror(release)
        for name, suite, packages in (("rolling", "sid", ROLLING), ("own", release, OWN)):
            say(f"Unpacking from Debian {suite}: {', '.join(packages)}")
            _unpack(mirror, suite, packages, place / name)
        _wrap_nft(place / "own")

    return kept("debian", key([release, platform.machine(), *ROLLING, *OWN]), make)


def _mirror(release: str) -> str:
    """The address that apt asks for this release's packages."""
    told = _run("apt-get", "indextargets", "Created-By: Packages", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)")
    for line in told.splitlines():
        suite, component, address = line.split(" ", 2)
        if (suite, component) == (release, "main"):
            return address
    raise RuntimeError(f"apt knows no mirror of Debian {release}: its sources have to name one")


def _unpack(mirror: str, suite: str, packages: tuple[str, ...], root: Path) -> None:
    """apt with lists and an archive of its own, so that the machine's settings and state stay as they are."""
    work = root.with_name(f"{root.name}.work")
    for directory in (root, work / "lists/partial", work / "cache/archives/partial", work / "pool"):
        directory.mkdir(parents=True)
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror} {suite} main\n")
    settings = {
        "Dir::State::Lists": work / "lists",
        "Dir::Etc::SourceList": work / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "root",
        "APT::Update::Post-Invoke-Success::": "",
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    _run(*apt, "update")
    _run(*apt, "download", *(f"{package}/{suite}" for package in packages), where=work / "pool")
    for package in sorted((work / "pool").glob("*.deb")):
        _run("dpkg", "-x", str(package), str(root))
    shutil.rmtree(work)


def _wrap_nft(root: Path) -> None:
    """nft with its libraries, which are not where the machine looks for them."""
    wrapper = root / "usr/bin/nft"
    wrapper.parent.mkdir(parents=True, exist_ok=True)
    wrapper.write_text(
        '#!/bin/sh\nroot=$(dirname "$(readlink -f "$0")")/..\n'
        'LD_LIBRARY_PATH=$(echo "$root"/lib/*-linux-gnu) exec "$root/sbin/nft" "$@"\n'
    )
    wrapper.chmod(0o755)


def _run(*command: str, where: Path | None = None) -> str:
    done = subprocess.run(command, cwd=where, capture_output=True, text=True, timeout=DEADLINE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
