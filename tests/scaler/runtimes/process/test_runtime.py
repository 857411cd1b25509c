"""Starting, stopping and losing apps."""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from scaler.runtime import Runtime
from scaler.runtimes.process import ProcessRuntime
from scaler.runtimes.process.ports import Claim
from tests.scaler.runtimes.process.apps import DEAF, FAMILY, MEMBERS, SERVER, STUBBORN, Apps, alive, until


async def test_it_is_a_runtime() -> None:
    runtime: Runtime = ProcessRuntime(lambda app, reason: None)
    assert runtime.replicas("nobody") == 0
    assert await runtime.log_tail("nobody", 10) == []


async def test_a_start_returns_the_address_that_answers(apps: Apps) -> None:
    apps.put("web")
    address = await apps.start("web")
    with socket.create_connection(address):
        pass
    assert apps.runtime.replicas("web") == 1


async def test_its_port_is_claimed_until_nothing_of_it_is_left(apps: Apps) -> None:
    apps.put("web", STUBBORN, stop_timeout=0.1)
    for _ in range(2):
        _, port = await apps.start("web")
        with pytest.raises(OSError, match="already in use"):
            Claim(port)
        await apps.runtime.stop("web")
        Claim(port).release()


async def test_the_port_goes_into_arguments_and_environment(apps: Apps) -> None:
    code = """
import json, os, socket, sys
with open("seen.json", "w") as file:
    json.dump([sys.argv[1:], os.environ["URL"], os.getcwd()], file)
server = socket.create_server(("127.0.0.1", int(os.environ["PORT"])))
while True:
    server.accept()
"""
    apps.put("web", command=(sys.executable, "-c", code, "--at=127.0.0.1:{port}"), env={"URL": "http://x:{port}/"})
    _, port = await apps.start("web")
    seen = json.loads((apps.directory / "seen.json").read_text())
    assert seen == [[f"--at=127.0.0.1:{port}"], f"http://x:{port}/", str(apps.directory)]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORPOR_TOKEN", "a secret")
    monkeypatch.setenv("GREETING", "hello")


@pytest.mark.usefixtures("environment")
async def test_an_app_inherits_the_environment_but_for_torpors_own(apps: Apps) -> None:
    apps.put("web", "import json, os; json.dump(dict(os.environ), open('seen.json', 'w'))" + SERVER, env={"A": "b"})
    await apps.start("web")
    seen = json.loads((apps.directory / "seen.json").read_text())
    assert (seen["GREETING"], seen["A"]) == ("hello", "b")
    assert "a secret" not in seen.values()


async def test_an_app_leads_a_session_and_finds_all_signals_as_they_are_at_boot(apps: Apps) -> None:
    # By a shell, for Python itself ignores a signal or two when it begins.
    look = "grep -E 'SigIgn|SigBlk' /proc/self/status > seen; ps -o pid=,sid=,pgid= $$ >> seen"
    apps.put(
        "web", command=("sh", "-c", f'{look}; exec "{sys.executable}" -I -S -c "$CODE" $PORT'), env={"CODE": SERVER}
    )
    await apps.start("web")
    blocked, ignored, numbers = (apps.directory / "seen").read_text().splitlines()
    libc = 1 << 31 | 1 << 32  # signals 32 and 33 are the C library's own; nobody else can set them
    assert [int(line.split()[1], 16) & ~libc for line in (blocked, ignored)] == [0, 0]
    assert set(numbers.split()) == {str(apps.main("web"))}


async def test_paths_may_be_relative(apps: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(apps.directory)
    Path("site").mkdir()
    apps.put("web", "print('here', flush=True)" + SERVER, directory=Path("site"), log_file=Path("logs/web.log"))
    await apps.start("web")
    assert [line.text for line in await apps.runtime.log_tail("web", 1)] == ["here"]


async def test_it_says_what_it_waits_for_and_only_news(apps: Apps) -> None:
    apps.put("web")
    _, port = await apps.start("web")
    assert apps.said == [f"starting {Path(sys.executable).name}", f"waiting for port {port}"]


async def test_a_definition_takes_effect_at_the_next_start(apps: Apps) -> None:
    apps.put("web")
    await apps.start("web")
    apps.put("web", command=("no-such-command",))
    assert apps.runtime.replicas("web") == 1
    await apps.runtime.stop("web")
    assert "no-such-command" in await apps.failure("web")
    apps.runtime.forget("web")
    assert await apps.failure("web") == "there is no app web"


# What ends a start at once


async def test_a_command_that_does_not_exist(apps: Apps) -> None:
    apps.put("web", command=("no-such-command", "{port}"))
    assert await apps.failure("web") == "command not found: no-such-command (looked in PATH)"
    assert apps.runtime.replicas("web") == 0


async def test_a_directory_that_does_not_exist(apps: Apps) -> None:
    apps.put("web", directory=apps.directory / "nowhere")
    assert await apps.failure("web") == f"directory not found: {apps.directory / 'nowhere'}"


async def test_a_program_that_exits_at_once_gives_its_code_and_last_words(apps: Apps) -> None:
    apps.put("web", "import sys; print('no \\x1b[31mdatabase\\x1b[0m', flush=True); sys.exit(3)")
    reason = await apps.failure("web")
    assert reason.startswith("exited with code 3 after ")
    assert reason.endswith("s: no database")


async def test_last_words_are_those_of_this_start(apps: Apps) -> None:
    apps.put("web", "print('of old', flush=True); raise SystemExit(1)")
    await apps.failure("web")
    apps.put("web", "raise SystemExit(4)")
    assert "of old" not in await apps.failure("web")


async def test_a_program_that_is_killed_says_by_what(apps: Apps) -> None:
    apps.put("web", "import os; os.kill(os.getpid(), 9)")
    assert (await apps.failure("web")).startswith("killed by SIGKILL after ")


async def test_a_program_that_becomes_a_daemon_has_ended_and_is_told_so(apps: Apps) -> None:
    apps.put("web", "import os, signal; signal.signal(15, signal.SIG_IGN)\nif os.fork(): os._exit(0)\n" + SERVER)
    reason = await apps.failure("web")
    assert reason.startswith("exited with code 0 after ")
    assert "behind: it must stay in the foreground, not become a daemon" in reason


async def test_what_a_failed_start_left_is_gone_before_the_next(apps: Apps, port: int) -> None:
    apps.put("web", "import os, signal; signal.signal(15, signal.SIG_IGN)\nif os.fork(): os._exit(0)\n" + SERVER)
    await apps.failure("web")
    apps.put("web", port=port)
    assert (await apps.start("web")).port == port


async def test_a_fixed_port_that_is_taken_says_by_whom(apps: Apps, port: int) -> None:
    apps.put("web", port=port)
    with socket.create_server(("127.0.0.1", port)):
        reason = await apps.failure("web")
    assert reason.startswith(f"port {port} is taken by ")
    assert reason.endswith(f"(pid {os.getpid()})")
    assert not (apps.directory / "logs").exists(), "nothing was started"
    assert (await apps.start("web")).port == port


async def test_a_fixed_port_that_another_app_has_names_that_app(apps: Apps, port: int) -> None:
    apps.put("first", port=port)
    apps.put("second", port=port)
    await apps.start("first")
    assert (await apps.failure("second")).startswith(f"port {port} is taken by the app first: ")


async def test_a_log_that_cannot_be_opened(apps: Apps) -> None:
    (apps.directory / "file").touch()
    apps.put("web", log_file=apps.directory / "file" / "web.log")
    assert await apps.failure("web") == f"cannot write the log {apps.directory}/file/web.log: File exists"


async def test_a_log_that_cannot_be_written(apps: Apps) -> None:
    apps.put("web", log_file=Path("/dev/full"))
    assert await apps.failure("web") == "cannot write the log /dev/full: No space left on device"


async def test_others_start_while_one_fails(apps: Apps) -> None:
    apps.put("bad", command=("no-such-command",))
    apps.put("good")
    bad, good = await asyncio.gather(apps.failure("bad"), apps.start("good"))
    assert bad
    assert good


# Ending


async def test_a_stop_ends_children_sessions_and_daemons_too(apps: Apps) -> None:
    apps.put("web", FAMILY + SERVER, stop_timeout=0.5)
    await apps.start("web")
    pids = [apps.main("web"), *apps.pids(*MEMBERS)]
    assert alive(*pids) == pids
    await apps.runtime.stop("web")
    assert alive(*pids) == []
    assert apps.runtime.replicas("web") == 0
    assert apps.lost == []


async def test_a_stop_waits_for_a_child_that_tidies_up(apps: Apps) -> None:
    code = """
import os, signal, sys, time
def tidy(*_):
    time.sleep(0.3)
    open("tidied", "w").close()
    os._exit(0)
if os.fork() == 0:
    signal.signal(signal.SIGTERM, tidy)
    open("child", "w").close()
    while True:
        time.sleep(600)
while not os.path.exists("child"):
    time.sleep(0.01)
"""
    apps.put("web", code + SERVER)
    await apps.start("web")
    await apps.runtime.stop("web")
    assert (apps.directory / "tidied").exists()


async def test_sigterm_ignored_is_followed_by_sigkill(apps: Apps) -> None:
    apps.put("web", STUBBORN, stop_timeout=0.2)
    await apps.start("web")
    pid = apps.main("web")
    await apps.runtime.stop("web")
    assert alive(pid) == []
    assert (await apps.runtime.log_tail("web", 1))[0].text.endswith("killed by SIGKILL")


async def test_a_stop_of_what_does_not_run_is_fine(apps: Apps) -> None:
    await apps.runtime.stop("nobody")
    apps.put("web")
    await apps.runtime.stop("web")
    await apps.start("web")
    await asyncio.gather(apps.runtime.stop("web"), apps.runtime.stop("web"))
    await apps.runtime.stop("web")
    assert apps.runtime.replicas("web") == 0


async def test_a_cancelled_start_has_stopped_what_it_started(apps: Apps) -> None:
    apps.put("web", "import signal; signal.signal(15, signal.SIG_IGN)\n" + FAMILY + DEAF, stop_timeout=0.2)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.start("web"))
        await until(lambda: all((apps.directory / name).exists() for name in MEMBERS))
        pids = [apps.main("web"), *apps.pids(*MEMBERS)]
        starting.cancel()
        await asyncio.sleep(0)
        starting.cancel()  # as a second Ctrl-C would
        await asyncio.wait({starting})
        assert alive(*pids) == []
    assert starting.cancelled()


async def test_a_start_that_times_out_has_stopped_what_it_started(apps: Apps) -> None:
    apps.put("web", DEAF)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await apps.start("web")
    assert apps.runtime.replicas("web") == 0
    assert apps.runtime._by_number == {}


async def test_a_stop_while_starting_fails_the_start(apps: Apps) -> None:
    apps.put("web", DEAF)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.failure("web"))
        await until(lambda: apps.runtime.replicas("web"))
        await apps.runtime.stop("web")
    assert starting.result() == "stopped while it was starting"
    assert apps.lost == []


async def test_a_stop_before_there_is_a_process_fails_the_start_too(apps: Apps) -> None:
    apps.put("web")
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.failure("web"))
        await asyncio.sleep(0)
        await apps.runtime.stop("web")
    assert starting.result() == "stopped while it was starting"
    assert apps.runtime._by_number == {}


# Losing


async def test_a_crash_is_reported_with_its_reason_and_the_app_can_start_again(apps: Apps) -> None:
    apps.put("web", "print('so long', flush=True)" + SERVER)
    await apps.start("web")
    os.kill(apps.main("web"), signal.SIGKILL)
    await until(lambda: apps.lost)
    ((app, reason),) = apps.lost
    assert app == "web"
    assert reason.startswith("killed by SIGKILL after ")
    assert reason.endswith(": so long")
    assert apps.runtime.replicas("web") == 0
    assert await apps.start("web")


async def test_what_a_crash_leaves_behind_is_ended(apps: Apps) -> None:
    apps.put("web", FAMILY + SERVER)
    await apps.start("web")
    pids = apps.pids(*MEMBERS)
    os.kill(apps.main("web"), signal.SIGKILL)
    await until(lambda: apps.lost)
    await apps.runtime.stop("web")
    assert alive(*pids) == []


async def test_lost_may_be_set_later(apps: Apps) -> None:
    later: list[str] = []
    apps.runtime.lost = lambda app, reason: later.append(app)
    apps.put("web")
    await apps.start("web")
    os.kill(apps.main("web"), signal.SIGTERM)
    await until(lambda: later)
    assert apps.lost == []


async def test_a_runtime_that_closes_leaves_nothing(tmp_path: Path) -> None:
    lost: list[str] = []
    apps = Apps(ProcessRuntime(lambda app, reason: lost.append(app)), tmp_path)
    async with asyncio.TaskGroup() as group:
        async with apps.runtime:
            apps.put("web", FAMILY + SERVER, stop_timeout=0.5)
            apps.put("deaf", DEAF)
            await apps.start("web")
            starting = group.create_task(apps.failure("deaf"))
            await until(lambda: apps.runtime.replicas("deaf"))
            pids = [apps.keeper(), apps.main("web"), apps.main("deaf"), *apps.pids(*MEMBERS)]
        assert alive(*pids) == []
    assert starting.result() == "stopped while it was starting"
    assert lost == []
    assert await apps.failure("web") == "Torpor is stopping"


# Many


async def test_fifty_start_and_stop_at_once(apps: Apps) -> None:
    names = [f"app{number}" for number in range(50)]
    for name in names:
        apps.put(name)
    addresses = await asyncio.gather(*(apps.start(name) for name in names))
    assert len(set(addresses)) == 50
    pids = [apps.main(name) for name in names]
    await asyncio.gather(*(apps.runtime.stop(name) for name in names))
    assert alive(*pids) == []
    assert apps.lost == []
