"""Container images made by hand, so that no registry is needed (OCI image-spec: image layout, config, manifest)."""

import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from tests.cluster.programs.fill import Programs

APP = "torpor.test/app:1"
"""The tests' app: see programs/app."""
PAUSE = "torpor.test/pause:1"
BUSYBOX = "torpor.test/busybox:1"
TOOLS = ("sh", "cat", "echo", "env", "false", "hostname", "ls", "nc", "nslookup", "sleep", "test", "true", "wget")
OCI = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def write(directory: Path, programs: Programs) -> list[Path]:
    """The archives of all images that the tests use, as `ctr images import`, kind and k3d take them."""
    links = {f"bin/{tool}": "/bin/busybox" for tool in TOOLS}
    made = {
        APP: archive(APP, ["/app"], {"app": programs.app}),
        PAUSE: archive(PAUSE, ["/app", "pause"], {"app": programs.app}),
        BUSYBOX: archive(BUSYBOX, ["/bin/sh"], {"bin/busybox": programs.busybox}, links),
    }
    files = []
    for name, content in made.items():
        files.append(directory / f"{name.partition('/')[2].partition(':')[0]}.tar")
        files[-1].write_bytes(content)
    return files


def archive(
    name: str, entrypoint: Sequence[str], programs: Mapping[str, Path], links: Mapping[str, str] | None = None
) -> bytes:
    """An image of one layer with these programs (by path in the image) and links."""
    layer = _layer(programs, links or {})
    packet = io.BytesIO()
    write_archive(packet, name, io.BytesIO(layer), {"Entrypoint": [*entrypoint], "Env": ["PATH=/bin"]})
    return packet.getvalue()


def write_archive(file: IO[bytes], name: str, layer: IO[bytes], what: Mapping[str, Any]) -> None:
    """An image whose only layer is this tar, and whose configuration says `what`."""
    digest = f"sha256:{hashlib.file_digest(layer, 'sha256').hexdigest()}"  # type: ignore[arg-type]
    size = layer.seek(0, io.SEEK_END)
    packed = {"mediaType": f"{OCI}.layer.v1.tar", "digest": digest, "size": size}
    system = {"os": "linux", "architecture": ARCHITECTURES.get(platform.machine(), platform.machine())}
    rootfs = {"type": "layers", "diff_ids": [digest]}
    config = _json(system | {"config": {"WorkingDir": "/", **what}, "rootfs": rootfs})
    kind = f"{OCI}.manifest.v1+json"
    pointer = _pointer(f"{OCI}.config.v1+json", config)
    manifest = _json({"schemaVersion": 2, "mediaType": kind, "config": pointer, "layers": [packed]})
    names = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": name.rpartition(":")[2]}
    listed = _pointer(kind, manifest) | {"platform": system, "annotations": names}
    index = _json({"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": [listed]})
    files = {"oci-layout": _json({"imageLayoutVersion": "1.0.0"}), "index.json": index}
    files |= {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (config, manifest)}
    with tarfile.open(fileobj=file, mode="w") as tar:
        for path, content in files.items():
            _add(tar, path, content, 0o644)
        entry = tarfile.TarInfo(f"blobs/sha256/{digest[7:]}")
        entry.size = size
        layer.seek(0)
        tar.addfile(entry, layer)


def _layer(programs: Mapping[str, Path], links: Mapping[str, str]) -> bytes:
    packet = io.BytesIO()
    with tarfile.open(fileobj=packet, mode="w") as tar:
        for path in sorted({str(Path(name).parent) for name in (*programs, *links)} | {"etc", "tmp"} - {"."}):
            directory = tarfile.TarInfo(path)
            directory.type, directory.mode = tarfile.DIRTYPE, 0o1777 if path == "tmp" else 0o755
            tar.addfile(directory)
        for path, program in programs.items():
            _add(tar, path, program.read_bytes(), 0o755)
        for path, target in links.items():
            link = tarfile.TarInfo(path)
            link.type, link.linkname = tarfile.SYMTYPE, target
            tar.addfile(link)
    return packet.getvalue()


def _add(tar: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


def _pointer(kind: str, blob: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
