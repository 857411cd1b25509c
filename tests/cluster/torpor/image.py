"""Torpor as an image for pods, put together from what runs the tests: the Dockerfile needs a container engine.

What is in it is where it is on this machine: the interpreter, its library, the packages that Torpor asks for, HAProxy
and the libraries of all these; then Torpor, a busybox for `sleep`, and `python3` by that name. mitmproxy and tini,
which is process 1 in the Dockerfile's image, are left out.
"""

import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path
from typing import IO

from packaging.requirements import Requirement

from tests.cluster.programs.fill import Programs
from tests.cluster.rig.images import write_archive

NAME = "docker.io/library/torpor:dev"
"""What a node makes of `torpor:dev`."""
ROOT = Path(__file__).parents[3]
PLACE = Path("/opt/torpor")
OURS = ("addons", "proxy", "scaler", "torpor")
NOT_NEEDED = re.compile(
    r"^(test|idlelib|ensurepip|turtledemo|lib2to3|pydoc_data|tkinter|site-packages|dist-packages|config-.*)$"
)
"""Of the library: most of its size."""
LINKS = {"bin/sh": "busybox", "bin/sleep": "busybox", "bin/python3": str(Path(sys.executable).resolve())}
EMPTY = (Path("/tmp"), Path("/etc"), Path("/usr/share/doc"))  # noqa: S108
"""Directories that there are; the last for examples/kubernetes/hello."""


def write(file: Path, programs: Programs) -> None:
    """The archive. Some 250 MB, which is why there is no copy of it in memory, and why it is not packed."""
    haproxy = Path(shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "/usr/sbin/haproxy")
    python = Path(sys.executable).resolve()
    packages = sysconfig.get_path("purelib")
    with tempfile.TemporaryFile(dir=file.parent) as layer, file.open("wb") as out:
        files = {source: source for source in (haproxy, python, *_library(), *_packages())}
        files |= {shared: shared.resolve() for shared in _shared(haproxy, python, *files)}
        files |= {PLACE / path.relative_to(ROOT): path for part in OURS for path in _below(ROOT / part)}
        files[Path("/bin/busybox")] = programs.busybox
        _pack(layer, files)
        layer.seek(0)
        environment = ["PATH=/usr/local/sbin:/usr/sbin:/bin", f"PYTHONPATH={PLACE}:{packages}"]
        start = [str(python), "-m", "torpor.cli"]
        write_archive(out, NAME, layer, {"Entrypoint": start, "Env": environment, "User": "10001:10001"})


def _library() -> Iterator[Path]:
    for root in {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}:
        yield from _below(Path(root))


def _packages() -> Iterator[Path]:
    """All files of the packages that Torpor needs with HAProxy."""
    known: set[str] = set()
    wanted: list[str] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    while wanted:
        one = Requirement(wanted.pop())
        name = re.sub(r"[-_.]+", "-", one.name).lower()
        if name in known or name == "mitmproxy" or (one.marker and not one.marker.evaluate({"extra": ""})):
            continue
        known.add(name)
        found = distribution(name)
        wanted += found.requires or []
        paths = (Path(found.locate_file(path)) for path in found.files or [])  # type: ignore[arg-type]
        yield from (path for path in paths if path.is_file() and ".." not in path.parts)


def _shared(*files: Path) -> set[Path]:
    """The libraries that two programs and all libraries ask for, as the machine's loader finds them."""
    asking = [*files[:2], *(file for file in files[2:] if ".so" in file.name)]
    said = subprocess.run(["ldd", *asking], capture_output=True, text=True, timeout=60, check=False).stdout
    return {Path(found) for found in re.findall(r"(?:=>|^)\s+(/\S+) \(0x", said, re.MULTILINE)}


def _below(root: Path) -> Iterator[Path]:
    for directory, names, files in root.walk():
        names[:] = [name for name in names if directory != root or not NOT_NEEDED.match(name)]
        yield from (directory / name for name in files)


def _pack(layer: IO[bytes], files: dict[Path, Path]) -> None:
    with tarfile.open(fileobj=layer, mode="w", dereference=True) as tar:
        made = (*(file.parent for file in files), *EMPTY)
        directories = {each for directory in made for each in (directory, *directory.parents)}
        for directory in sorted(directories - {Path("/")}):
            entry = tarfile.TarInfo(str(directory)[1:])
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if directory.name == "tmp" else 0o755
            tar.addfile(entry)
        for target, source in files.items():
            entry = tar.gettarinfo(source, str(target)[1:])
            entry.uid = entry.gid = 0
            entry.mode |= 0o444 | (entry.mode & 0o100 and 0o111)
            with source.open("rb") as content:
                tar.addfile(entry, content)
        for name, program in LINKS.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = tarfile.SYMTYPE, program
            tar.addfile(entry)
