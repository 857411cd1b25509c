"""What is found in a directory of certificates, by the names of the files and what is in them."""

import os
from pathlib import Path

import pytest

from proxy.haproxy import certificates
from proxy.haproxy.certificates import CertificateReader, Place, places, read_directory, scan
from tests.certificates import Authority, put

AUTHORITY = Authority()
MADE = AUTHORITY.make("a.test")


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["a.pem"], [Place("a.pem", None)]),
        (["a.pem", "a.key", "b.crt", "b.key"], [Place("a.pem", "a.key"), Place("b.crt", "b.key")]),
        (["tls.crt", "tls.key", "ca.crt"], [Place("tls.crt", "tls.key")]),
        (["cert.pem", "chain.pem", "fullchain.pem", "privkey.pem", "README"], [Place("fullchain.pem", "privkey.pem")]),
        (["a.pem~", "a.pem.bak", "notes.txt", ".a.pem", "a.key"], []),
        (["b.crt"], [Place("b.crt", None)]),
    ],
)
def test_which_files_make_a_certificate(names: list[str], found: list[Place]) -> None:
    assert list(places(names)) == found


def test_folders_are_looked_into_one_level_deep_and_through_links(tmp_path: Path) -> None:
    """As a secret is mounted: the names lead through a link that begins with a dot and is swapped as a whole."""
    directory = tmp_path / "certificates"
    (directory / "shop" / "..2026").mkdir(parents=True)
    (directory / "shop" / "..data").symlink_to("..2026")
    for name, contents in (("tls.crt", MADE.crt), ("tls.key", MADE.key), ("ca.crt", AUTHORITY.own.crt)):
        (directory / "shop" / "..2026" / name).write_bytes(contents)
        (directory / "shop" / name).symlink_to(f"..data/{name}")
    (directory / "shop" / "deeper").mkdir()
    (directory / "shop" / "deeper" / "a.pem").write_bytes(MADE.pem)
    [found] = read_directory(directory)
    assert (found.source, found.trouble) == ("shop/tls.crt", "")
    assert found.certificate is not None


def test_a_bad_one_costs_only_itself(tmp_path: Path) -> None:
    put(tmp_path, "good.pem", MADE.pem)
    put(tmp_path, "bad.pem", b"nothing")
    put(tmp_path, "large.pem", b"x" * (certificates.LARGEST_FILE + 1))
    (tmp_path / "lost.pem").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.pem")
    found = {one.source: one for one in read_directory(tmp_path)}
    assert found["good.pem"].certificate is not None
    assert "holds no certificate" in found["bad.pem"].trouble
    assert "large.pem is larger than 256 KiB" in found["large.pem"].trouble
    assert found["lost.pem"].trouble == "cannot be read: no such file or directory"
    assert "is no regular file" in found["pipe.pem"].trouble


def test_a_scan_tells_every_change_and_nothing_else(tmp_path: Path) -> None:
    put(tmp_path, "a.pem", MADE.pem)
    seen = [scan(tmp_path)]
    (tmp_path / "notes.txt").touch()
    assert scan(tmp_path) == seen[0]
    put(tmp_path, "a.pem", MADE.pem)
    seen.append(scan(tmp_path))
    put(tmp_path, "shop/tls.crt", MADE.crt)
    seen.append(scan(tmp_path))
    (tmp_path / "a.pem").chmod(0o600)
    seen.append(scan(tmp_path))
    (tmp_path / "a.pem").unlink()
    seen.append(scan(tmp_path))
    assert all(one != other for place, one in enumerate(seen) for other in seen[:place])


def test_a_good_one_is_read_again_only_when_its_files_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    contents = certificates._contents
    monkeypatch.setattr(certificates, "_contents", lambda file: opened.append(file.name) or contents(file))
    reader = CertificateReader(tmp_path)
    for name, what in (("a.pem", MADE.pem), ("b.crt", MADE.crt), ("b.key", MADE.key), ("c.pem", b"nothing")):
        put(tmp_path, name, what)
    first = reader.read(scan(tmp_path))
    assert opened == ["a.pem", "b.crt", "b.key", "c.pem"]
    opened.clear()
    assert reader.read(scan(tmp_path)) == first
    assert opened == ["c.pem"]
    opened.clear()
    put(tmp_path, "b.key", AUTHORITY.make("a.test").key)
    assert "does not belong to the key beside it" in reader.read(scan(tmp_path))[1].trouble
    assert opened == ["b.crt", "b.key", "c.pem"]


@pytest.mark.parametrize("look", [scan, read_directory])
def test_a_directory_that_cannot_be_looked_into_is_said(tmp_path: Path, look: object) -> None:
    assert callable(look)
    with pytest.raises(OSError, match=r"there is no directory .*/none for the certificates; make it, or name another"):
        look(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="/file is no directory; name the one that holds the certificates"):
        look(tmp_path / "file")


def test_what_this_user_may_not_look_into_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "shop/tls.crt", MADE.crt)
    put(tmp_path, "a.pem", MADE.pem)
    scandir, locked = os.scandir, {tmp_path / "shop"}

    def guarded(path: Path) -> object:
        if path in locked:
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert [(one.source, one.trouble) for one in read_directory(tmp_path)] == [
        ("a.pem", ""),
        ("shop/", "cannot be looked into: permission denied"),
    ]
    before = scan(tmp_path)
    locked.clear()
    assert scan(tmp_path) != before
    locked.add(tmp_path)
    with pytest.raises(OSError, match=r"this user may not look into .*, where the certificates are"):
        read_directory(tmp_path)


def test_more_files_than_anybody_has_certificates_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certificates, "MOST_FILES", 3)
    for number in range(4):
        put(tmp_path, f"{number}.txt", b"")
    with pytest.raises(OSError, match="more than 3 files"):
        scan(tmp_path)
