"""Programs that cannot be run, and the words for it."""

from pathlib import Path

from tests.scaler.runtimes.process.apps import Apps


def script(apps: Apps, text: str, mode: int = 0o755) -> Path:
    file = apps.directory / "run"
    file.write_text(text)
    file.chmod(mode)
    return file


async def test_a_relative_program_is_looked_up_in_the_directory(apps: Apps) -> None:
    apps.put("web", command=("./run",))
    assert await apps.failure("web") == f"command not found: ./run (looked in {apps.directory})"
    script(apps, "#!/bin/sh\nexit 7\n")
    assert (await apps.failure("web")).startswith("exited with code 7")


async def test_a_program_is_looked_up_in_the_path_of_the_app(apps: Apps) -> None:
    script(apps, "#!/bin/sh\nexit 7\n")
    apps.put("web", command=("run",), env={"PATH": str(apps.directory)})
    assert (await apps.failure("web")).startswith("exited with code 7")


async def test_a_program_that_may_not_be_executed(apps: Apps) -> None:
    script(apps, "#!/bin/sh\n", mode=0o644)
    apps.put("web", command=("./run",))
    assert await apps.failure("web") == "not executable: ./run (Permission denied)"


async def test_an_interpreter_that_does_not_exist(apps: Apps) -> None:
    script(apps, "#!/no/such/interpreter\n")
    apps.put("web", command=("./run",))
    assert await apps.failure("web") == "cannot run ./run: the interpreter named in its first line does not exist"


async def test_a_script_without_a_first_line(apps: Apps) -> None:
    script(apps, "echo hello\n")
    apps.put("web", command=("./run",))
    assert (await apps.failure("web")).startswith("cannot run ./run: Exec format error (a script needs a first line")


async def test_a_directory_that_is_a_file(apps: Apps) -> None:
    apps.put("web", directory=script(apps, ""))
    assert await apps.failure("web") == f"cannot enter the directory {apps.directory}/run: Not a directory"


async def test_an_argument_that_no_program_can_be_given(apps: Apps) -> None:
    apps.put("web", command=("true", "a\0b"))
    assert await apps.failure("web") == "cannot run true: Invalid argument"
