"""The end of the parent is the end of the child, whichever rope holds."""

import asyncio
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


async def guarded(code: str) -> asyncio.subprocess.Process:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    code = f"import os, time; from torpor.cli.guard import end_with_parent; {code}\nwhile True: time.sleep(60)"
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, stdin=asyncio.subprocess.PIPE, env=env)


async def test_the_end_of_the_pipe_ends_the_process() -> None:
    process = await guarded("end_with_parent(os.getppid())")
    assert process.stdin is not None
    process.stdin.write(b"words are no end")
    process.stdin.close()
    async with asyncio.timeout(30):
        assert await process.wait() == 1


async def test_a_parent_that_has_gone_already_is_noticed() -> None:
    process = await guarded("end_with_parent(1)")
    async with asyncio.timeout(30):
        assert await process.wait() == 1
