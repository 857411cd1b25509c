"""From an order to a process."""

import asyncio

from tests.scaler.runtimes.process.apps import Apps


async def test_a_sigterm_on_its_way_to_the_program_is_not_lost(apps: Apps) -> None:
    """It can come before the child has a session, or the program, or default handlers."""
    names = [f"app{number}" for number in range(40)]
    async with asyncio.TaskGroup() as group:
        for name in names:
            apps.put(name, command=("sleep", "600"))
            group.create_task(apps.failure(name))
            while name not in apps.runtime._runs or apps.runtime._runs[name].keeper is None:
                await asyncio.sleep(0)
            group.create_task(apps.runtime.stop(name))
    ends = {(await apps.runtime.log_tail(name, 1))[0].text.split(" ", 3)[3] for name in names}
    assert ends == {"killed by SIGTERM"}
