"""What the keeper does with output, descriptors and many endings."""

import asyncio
import resource
import sys
from contextlib import suppress
from pathlib import Path

from tests.scaler.runtimes.process.apps import SERVER, Apps, until

FLOOD = (
    """
import os, threading
def flood():
    line = b"x" * 999 + b"\\n"
    while True:
        os.write(1, line * 64)
threading.Thread(target=flood, daemon=True).start()
"""
    + SERVER
)


def resident(pid: int) -> int:
    """Bytes of memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError


def kept(apps: Apps, app: str) -> int:
    """Bytes in its log files; one may be gone for a moment, while it is rotated."""
    size = 0
    for file in (apps.directory / "logs").glob(f"{app}.log*"):
        with suppress(FileNotFoundError):
            size += file.stat().st_size
    return size


async def test_a_flood_of_output_is_bounded_on_disk_and_in_memory_and_holds_nobody_up(apps: Apps) -> None:
    apps.put("flood", FLOOD, log_bytes=100_000)
    apps.put("web")
    await apps.start("flood")
    before = resident(apps.keeper())
    written = Path(f"/proc/{apps.main('flood')}/io")
    await until(lambda: int(written.read_text().split("wchar: ")[1].split()[0]) > 20_000_000)
    await apps.start("web")
    await apps.runtime.stop("web")
    assert kept(apps, "flood") <= 100_000
    assert resident(apps.keeper()) - before < 4_000_000
    await apps.runtime.stop("flood")
    assert kept(apps, "flood") <= 100_000


async def test_stdout_and_stderr_go_to_the_log_up_to_the_last_word(apps: Apps) -> None:
    apps.put("web", "import sys; print('out', flush=True); print('y' * 60_000, file=sys.stderr); sys.exit('end')")
    await apps.failure("web")
    lines = [line.text for line in await apps.runtime.log_tail("web", 10)]
    assert [line[:3] for line in lines] == ["---", "out", "yyy", "end", "---"]
    assert " started: " in lines[0]
    assert lines[-1].endswith(" exited with code 1")


async def test_what_is_said_while_it_is_stopped_is_kept_too(apps: Apps) -> None:
    bye = "import signal, os\ndef bye(*_):\n    os.write(1, b'bye\\n')\n    os._exit(0)\nsignal.signal(15, bye)\n"
    apps.put("web", bye + SERVER)
    await apps.start("web")
    await apps.runtime.stop("web")
    assert "bye" in [line.text for line in await apps.runtime.log_tail("web", 3)]


async def test_a_log_that_fails_while_it_runs_does_not_hurt_the_app(apps: Apps) -> None:
    apps.put("web", FLOOD, log_bytes=10_000)
    (apps.directory / "logs" / "web.log.1").mkdir(parents=True)
    await apps.start("web")
    written = Path(f"/proc/{apps.main('web')}/io")
    await until(lambda: int(written.read_text().split("wchar: ")[1].split()[0]) > 1_000_000)
    assert kept(apps, "web") <= 10_000 + (apps.directory / "logs" / "web.log.1").stat().st_size
    (apps.directory / "logs" / "web.log.1").rmdir()
    await until(lambda: (apps.directory / "logs" / "web.log.1").is_file())
    assert apps.lost == []


async def test_an_app_has_no_descriptors_but_its_own_and_the_usual_limit(apps: Apps) -> None:
    code = """
import os, resource
directory = "/proc/self/fd/"
descriptors = [name for name in os.listdir(directory) if os.path.exists(directory + name)]
with open("seen", "w") as file:
    print(*sorted(descriptors), *resource.getrlimit(resource.RLIMIT_NOFILE), file=file)
"""
    apps.put("other")
    await apps.start("other")
    apps.put("web", code + SERVER)
    await apps.start("web")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert (apps.directory / "seen").read_text() == f"0 1 2 {soft} {hard}\n"


async def test_the_input_of_an_app_is_empty(apps: Apps) -> None:
    apps.put("web", command=("cat",))
    assert (await apps.failure("web")).startswith("exited with code 0")


async def test_two_hundred_apps_run_at_once(apps: Apps) -> None:
    names = [f"app{number}" for number in range(200)]
    # The apps are this machine's load, so one process for all that is cheap to start.
    for name in names:
        apps.put(name, command=("sh", "-c", "exec sleep 600"))
    async with asyncio.TaskGroup() as group:
        starting = [group.create_task(apps.failure(name)) for name in names]
        await until(lambda: sum(apps.runtime.replicas(name) for name in names) == 200)
        await asyncio.gather(*(apps.runtime.stop(name) for name in names))
    assert {task.result() for task in starting} == {"stopped while it was starting"}


def test_the_keeper_needs_nothing_but_the_standard_library() -> None:
    """It is started without site-packages, where Torpor itself may be installed."""
    directory = Path(__file__).parents[5] / "scaler/runtimes/process/keeper"
    for file in directory.glob("*.py"):
        imported = {
            line.split()[1].split(".")[0]
            for line in file.read_text().splitlines()
            if line.startswith(("from ", "import "))
        }
        assert imported - {""} <= sys.stdlib_module_names, file
