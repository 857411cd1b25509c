"""Apps never outlive Torpor, nor the keeper."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.scaler.runtimes.process.apps import DEAF, FAMILY, MEMBERS, SERVER, STUBBORN, Apps, alive, until

TORPOR = """
import asyncio, os, sys
from pathlib import Path
from scaler.runtimes.process import ProcessRuntime
from tests.scaler.runtimes.process.apps import FAMILY, SERVER, STUBBORN, Apps

async def main():
    async with ProcessRuntime() as runtime:
        apps = Apps(runtime, Path.cwd())
        apps.put("family", FAMILY + SERVER)
        apps.put("stubborn", STUBBORN)
        await apps.start("family")
        await apps.start("stubborn")
        print(apps.keeper(), apps.main("family"), apps.main("stubborn"), *apps.pids("child", "session", "daemon"))
        sys.stdout.flush()
        await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_kill_9_of_torpor_ends_apps_and_all_they_started(tmp_path: Path) -> None:
    root = Path(__file__).parents[4]
    torpor = await asyncio.create_subprocess_exec(
        sys.executable, "-c", TORPOR, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(root)}, stdout=-1
    )
    assert torpor.stdout is not None
    pids = [int(pid) for pid in (await torpor.stdout.readline()).split()]
    assert alive(*pids) == pids
    assert len(pids) == 6
    torpor.kill()
    await torpor.wait()
    await until(lambda: alive(*pids) == [])


async def test_kill_9_of_the_keeper_is_noticed_and_ends_apps_and_all_they_started(apps: Apps) -> None:
    apps.put("web", FAMILY + SERVER)
    apps.put("other", STUBBORN)
    await apps.start("web")
    await apps.start("other")
    pids = [apps.main("web"), apps.main("other"), *apps.pids(*MEMBERS)]
    os.kill(apps.keeper(), signal.SIGKILL)
    await until(lambda: len(apps.lost) == 2)
    assert sorted(apps.lost) == [
        (app, "the process that keeps the apps ended: killed by SIGKILL") for app in ("other", "web")
    ]
    assert apps.runtime.replicas("web") == 0
    await until(lambda: alive(*pids) == [])


async def test_the_next_start_after_the_keepers_death_has_a_new_keeper(apps: Apps) -> None:
    apps.put("web")
    await apps.start("web")
    dead = apps.keeper()
    os.kill(dead, signal.SIGKILL)
    await until(lambda: apps.lost)
    await apps.start("web")
    assert apps.keeper() != dead
    await apps.runtime.stop("web")
    assert len(apps.lost) == 1


async def test_the_keepers_death_fails_a_start_that_is_under_way(apps: Apps) -> None:
    apps.put("web", DEAF)
    async with asyncio.TaskGroup() as group:
        starting = group.create_task(apps.failure("web"))
        await until(lambda: apps.runtime.replicas("web"))
        os.kill(apps.keeper(), signal.SIGKILL)
    assert starting.result() == "the process that keeps the apps ended: killed by SIGKILL"
    assert apps.lost == []


async def test_a_keeper_takes_its_orders_over_the_link_only(apps: Apps) -> None:
    apps.put("web")
    await apps.start("web")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(apps.keeper(), number)
    apps.put("other")
    await apps.start("other")
    assert apps.runtime.replicas("web") == 1
    assert os.getsid(apps.keeper()) == apps.keeper(), "nor does it get the terminal's"
