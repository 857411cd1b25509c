"""The way in on a fresh clone: which Python is found, what is installed, what `make` offers."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINS = ("requirements.txt", "requirements-dev.txt", "tests/apps/requirements.txt")


def find_python(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", ROOT / ".ci" / "find-python"],
        env={"PATH": "/nowhere", "HOME": "/nowhere", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def put(program: Path) -> None:
    """The interpreter that runs this test, under another name."""
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    program.chmod(0o755)


@pytest.mark.parametrize("name", ["python3.13", "python3", "python"])
def test_a_python_on_the_path_is_found_by_each_of_its_names(tmp_path: Path, name: str) -> None:
    put(tmp_path / "a bin" / name)
    done = find_python(PATH=str(tmp_path / "a bin"))
    assert done.stdout.strip() == os.path.realpath(sys.executable)


def test_a_python_of_pyenv_is_found_though_pyenv_is_not_on_the_path(tmp_path: Path) -> None:
    put(tmp_path / ".pyenv" / "versions" / "3.13.7" / "bin" / "python3.13")
    assert find_python(HOME=str(tmp_path)).stdout.strip() == os.path.realpath(sys.executable)
    elsewhere = find_python(PYENV_ROOT=str(tmp_path / ".pyenv"))
    assert elsewhere.stdout.strip() == os.path.realpath(sys.executable)


def test_another_version_is_no_python_for_it(tmp_path: Path) -> None:
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    assert find_python(PATH=str(old.parent)).returncode == 1


def test_without_a_python_one_line_says_how_to_get_one() -> None:
    done = find_python()
    assert done.returncode == 1
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    assert "pyenv install 3.13" in line


@pytest.mark.parametrize("behind_a_link", [False, True])
def test_an_environment_is_made_where_it_is_wanted_and_nowhere_else(tmp_path: Path, behind_a_link: bool) -> None:
    project, cache = tmp_path / "a project", tmp_path / "cache"
    project.mkdir()
    (project / "precious").touch()
    (project / "requirements.txt").write_text("# nothing\n")
    if behind_a_link:
        cache.mkdir()
        (project / ".cache").mkdir()
        (project / ".cache" / "apps").symlink_to(cache)
    subprocess.run(
        [ROOT / ".ci" / "fill-venv", ".cache/apps", "requirements.txt"],
        cwd=project,
        env={**os.environ, "PYTHON": sys.executable},
        capture_output=True,
        timeout=100,
        check=True,
    )
    assert (project / ".cache" / "apps" / "bin" / "python").exists()
    assert {path.name for path in project.iterdir()} == {"precious", "requirements.txt", ".cache"}
    assert (cache / "pyvenv.cfg").exists() == behind_a_link


@pytest.mark.parametrize("name", PINS)
def test_every_package_is_pinned_and_hashed_and_comes_from_no_index_in_particular(name: str) -> None:
    text = (ROOT / name).read_text()
    pinned = re.findall(r"^[A-Za-z0-9._-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE)
    packages = re.findall(r"^[A-Za-z0-9]\S*", text, re.MULTILINE)
    assert len(packages) == len(pinned) > 50
    assert "://" not in text
    assert "index" not in re.sub(r"#.*", "", text)


def test_what_comes_from_npm_is_pinned_and_hashed_and_comes_from_no_registry_in_particular() -> None:
    text = (ROOT / "tests" / "axe" / "package-lock.json").read_text()
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert list(packages) == ["node_modules/axe-core"]
    assert all(package["integrity"].startswith("sha512-") and package["dev"] for package in packages.values())
    assert "://" not in text


def test_the_pins_of_development_agree_with_those_of_the_product() -> None:
    def versions(name: str) -> dict[str, str]:
        return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))

    assert versions("requirements.txt").items() <= versions("requirements-dev.txt").items()


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets is not None
    assert [line.split()[1] for line in listed.splitlines()] == targets[1].split()
    assert {"setup", "demo", "test", "lint", "bench", "help"} <= set(targets[1].split())
