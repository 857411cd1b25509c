"""The command line as people use it: a process of its own."""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
DEADLINE = 60.0


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str


class Torpor:
    """Runs `torpor` in a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.env = {k: v for k, v in os.environ.items() if not k.startswith(("TORPOR_", "KUBE"))}
        self.env["HOME"] = str(directory)  # without a kubeconfig
        self.started: list[asyncio.subprocess.Process] = []
        self.env |= {"PYTHONPATH": str(ROOT), "COLUMNS": "100"}

    async def __call__(self, *arguments: str, **env: str) -> Ended:
        return await ended(await self.start(*arguments, **env))

    async def python(self, code: str) -> Ended:
        """Run some Python the same way."""
        return await ended(await self._run(["-c", code], {}))

    async def start(self, *arguments: str, stderr: int = PIPE, **env: str) -> asyncio.subprocess.Process:
        """Run `torpor` and do not wait for its end."""
        return await self._run(["-m", "torpor", *arguments], env, stderr)

    async def _run(self, arguments: list[str], env: dict[str, str], stderr: int = PIPE) -> asyncio.subprocess.Process:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments),
            cwd=self.directory,
            env={**self.env, **env},
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=stderr,
        )
        self.started.append(process)
        return process

    async def end(self) -> None:
        """Whatever happened: let nothing of it run on."""
        for process in self.started:
            if process.returncode is None:
                process.kill()
            await process.communicate()


async def ended(process: asyncio.subprocess.Process) -> Ended:
    """Wait for the end of a command."""
    async with asyncio.timeout(DEADLINE):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())
