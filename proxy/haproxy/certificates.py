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
ENDINGS = (".pem", ".crt", ".key")

type Stat = tuple[int, ...]
"""What changes when a file does; of one that cannot be looked at, the error's number."""
type Scan = dict[str, dict[str, Stat] | None]
"""The files by folder and name; "" is the directory itself. None: a folder that cannot be looked into."""


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
    there = {name for name in names if not name.startswith(".") and name.endswith(ENDINGS)}
    keys = {name for name in there if name.endswith(".key")}
    if {"fullchain.pem", "privkey.pem"} <= there:
        yield Place("fullchain.pem", "privkey.pem")
        there -= {"fullchain.pem", "privkey.pem", "cert.pem", "chain.pem"}
    for name in sorted(there - keys - {"ca.crt"}):
        key = f"{name[:-4]}.key"
        yield Place(name, key if key in keys else None)


def scan(directory: Path) -> Scan:
    """What is there. Raises OSError in words when the directory cannot be looked into."""
    try:
        files, folders = _look(directory)
    except FileNotFoundError:
        raise OSError(f"there is no directory {directory} for the certificates; make it, or name another") from None
    except NotADirectoryError:
        raise OSError(f"{directory} is no directory; name the one that holds the certificates") from None
    except PermissionError:
        raise OSError(f"this user may not look into {directory}, where the certificates are") from None
    found: Scan = {"": files}
    for folder in sorted(folders):
        try:
            found[folder], _ = _look(directory / folder)
        except PermissionError:
            found[folder] = None
        except (FileNotFoundError, NotADirectoryError):
            continue  # gone meanwhile
    if sum(len(names or ()) for names in found.values()) > MOST_FILES:
        raise OSError(f"there are more than {MOST_FILES} files in {directory}; leave only certificates there")
    return found


class CertificateReader:
    """Reads what a scan has found; a good one again only when its files have changed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, tuple[tuple[Stat | None, ...], Found]] = {}

    def read(self, scanned: Scan) -> list[Found]:
        """All that is there, by name. A source that ends with a slash is a folder that cannot be looked into."""
        found: list[Found] = []
        known: dict[str, tuple[tuple[Stat | None, ...], Found]] = {}
        for folder, files in scanned.items():
            if files is None:
                found.append(Found(f"{folder}/", None, "cannot be looked into: permission denied"))
                continue
            for place in places(files):
                source = f"{folder}/{place.chain}" if folder else place.chain
                stats = (files[place.chain], files[place.key] if place.key else None)
                before, one = self._known.get(source, ((), None))
                if one is None or before != stats:
                    one = self._one(source, folder, place)
                if one.certificate is not None:
                    known[source] = (stats, one)
                found.append(one)
        self._known = known
        return found

    def _one(self, source: str, folder: str, place: Place) -> Found:
        directory = self._directory / folder
        try:
            chain = _contents(directory / place.chain)
            return Found(source, read_certificate(chain, _contents(directory / place.key) if place.key else None))
        except BadCertificate as error:
            return Found(source, None, str(error))
        except OSError as error:
            return Found(source, None, f"cannot be read: {(error.strerror or str(error)).lower()}")


def read_directory(directory: Path) -> list[Found]:
    """All that is there, by name. Raises OSError in words when the directory cannot be looked into."""
    return CertificateReader(directory).read(scan(directory))


def _look(directory: Path) -> tuple[dict[str, Stat], list[str]]:
    """The files that may be part of a certificate, and the folders."""
    files: dict[str, Stat] = {}
    folders: list[str] = []
    count = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            count += 1
            if count > MOST_FILES:
                raise OSError(f"there are more than {MOST_FILES} files in {directory}; leave only certificates there")
            if entry.name.startswith("."):
                continue
            if entry.name.endswith(ENDINGS):
                files[entry.name] = _stat(entry)
            elif entry.is_dir():
                folders.append(entry.name)
    return files, folders


def _stat(entry: os.DirEntry[str]) -> Stat:
    try:
        found = entry.stat()
    except OSError as error:
        return (error.errno or 0,)
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _contents(file: Path) -> bytes:
    fd = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not keep us waiting
    with os.fdopen(fd, "rb") as opened:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise BadCertificate(f"is no certificate: {file.name} is no regular file")
        data = opened.read(LARGEST_FILE + 1)
    if len(data) > LARGEST_FILE:
        raise BadCertificate(f"is no certificate: {file.name} is larger than {LARGEST_FILE // 1024} KiB")
    return data
