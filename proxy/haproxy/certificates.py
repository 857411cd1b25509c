"""Reads a directory of certificates. Bounded: how many files, how big; whoever fills the directory is an operator.

A certificate is `name.pem` with its chain and its key in it, or `name.pem` or `name.crt` with `name.key` beside it, or
`fullchain.pem` with `privkey.pem`, as ACME clients write them. The same in folders in it, one level deep, as where
secrets are mounted: `name/tls.crt` with `name/tls.key`. Names that begin with a dot are left alone.
"""

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from proxy.haproxy.pem import BadCertificate, Certificate, read_certificate

MOST_FILES = 10_000
"""Files that are looked at; more are an error."""
LARGEST_FILE = 256 * 1024
"""Bytes."""

type Signature = tuple[tuple[object, ...], ...]
"""What changes when a file in the directory does."""


class Found(NamedTuple):
    """One certificate in the directory, or what looks like one."""

    source: str
    """Its file, relative to the directory."""
    certificate: Certificate | None
    trouble: str = ""
    """Why there is none, after the name of the file."""


class Place(NamedTuple):
    """Where a certificate is."""

    chain: str
    key: str | None
    """None: in the same file."""


def places(names: Iterable[str]) -> Iterator[Place]:
    """The certificates among the files of one folder, by their names."""
    there = {name for name in names if not name.startswith(".") and name.endswith((".pem", ".crt", ".key"))}
    keys = {name for name in there if name.endswith(".key")}
    if {"fullchain.pem", "privkey.pem"} <= there:
        yield Place("fullchain.pem", "privkey.pem")
        there -= {"fullchain.pem", "privkey.pem", "cert.pem", "chain.pem"}
    for name in sorted(there - keys - {"ca.crt"}):
        key = f"{name[:-4]}.key"
        yield Place(name, key if key in keys else None)


def signature(directory: Path) -> Signature:
    """Tells whether anything has changed. Raises OSError in words."""
    seen: list[tuple[object, ...]] = []
    for folder, names in _folders(directory).items():
        seen.append((folder, names is None))
        for name in sorted(names or ()):
            try:
                found = (directory / folder / name).stat()
            except OSError as error:
                seen.append((folder, name, error.errno))
            else:
                seen.append((folder, name, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns))
    return tuple(seen)


def read_directory(directory: Path) -> list[Found]:
    """All that is there, by name. Raises OSError in words when the directory cannot be read.

    A source that ends with a slash is a folder that cannot be looked into.
    """
    found: list[Found] = []
    for folder, names in _folders(directory).items():
        if names is None:
            found.append(Found(f"{folder}/", None, "cannot be looked into: permission denied"))
        else:
            found += [_read(directory, folder, place) for place in places(names)]
    return found


def _folders(directory: Path) -> dict[str, list[str] | None]:
    """The names of the files in it, by folder; "" is the directory itself. None: not to be looked into."""
    try:
        files, folders = _look(directory)
    except FileNotFoundError:
        raise OSError(f"there is no directory {directory} for the certificates; make it, or name another") from None
    except NotADirectoryError:
        raise OSError(f"{directory} is no directory; name the one that holds the certificates") from None
    except PermissionError:
        raise OSError(f"this user may not look into {directory}, where the certificates are") from None
    found: dict[str, list[str] | None] = {"": files}
    for folder in folders:
        try:
            found[folder], _ = _look(directory / folder)
        except PermissionError:
            found[folder] = None
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone meanwhile
    if sum(len(names or ()) for names in found.values()) > MOST_FILES:
        raise OSError(f"there are more than {MOST_FILES} files in {directory}; leave only certificates there")
    return found


def _look(directory: Path) -> tuple[list[str], list[str]]:
    """The names of the files and of the folders."""
    files: list[str] = []
    folders: list[str] = []
    with os.scandir(directory) as entries:
        for entry in entries:
            if not entry.name.startswith("."):
                (folders if entry.is_dir() else files).append(entry.name)
            if len(files) + len(folders) > MOST_FILES:
                break
    return files, sorted(folders)


def _read(directory: Path, folder: str, place: Place) -> Found:
    source = f"{folder}/{place.chain}" if folder else place.chain
    try:
        chain = _contents(directory / folder / place.chain)
        return Found(source, read_certificate(chain, _contents(directory / folder / place.key) if place.key else None))
    except BadCertificate as error:
        return Found(source, None, str(error))
    except OSError as error:
        return Found(source, None, f"cannot be read: {(error.strerror or str(error)).lower()}")


def _contents(file: Path) -> bytes:
    fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not keep us waiting
    with os.fdopen(fd, "rb") as opened:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise BadCertificate(f"is no certificate: {file.name} is no regular file")
        data = opened.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise BadCertificate(f"is no certificate: {file.name} is larger than {LARGEST_FILE // 1024} KiB")
    return data
