"""Why a program did not start, in words that say what to mend."""

import errno
import os
import shutil

from scaler.runtimes.process.workload import Workload


def refusal(workload: Workload, stage: str, number: int) -> str:
    """The reason for an error number of a stage (see keeper/__init__.py)."""
    error = os.strerror(number)
    if stage == "log":
        return f"cannot write the log {workload.log_file}: {error}"
    if stage == "directory":
        if number == errno.ENOENT:
            return f"directory not found: {workload.directory}"
        return f"cannot enter the directory {workload.directory}: {error}"
    if stage == "process":
        return f"cannot start another process: {error}"
    program = workload.command[0]
    if number in (errno.ENOENT, errno.ENOTDIR):
        if _exists(workload):
            return f"cannot run {program}: the interpreter named in its first line does not exist"
        return f"command not found: {program} (looked in {workload.directory if '/' in program else 'PATH'})"
    if number == errno.EACCES:
        return f"not executable: {program} ({error})"
    if number == errno.ENOEXEC:
        return f"cannot run {program}: {error} (a script needs a first line such as #!/bin/sh)"
    return f"cannot run {program}: {error}"


def _exists(workload: Workload) -> bool:
    program = workload.command[0]
    if "/" in program:
        return (workload.directory / program).exists()
    return shutil.which(program, path=workload.env.get("PATH")) is not None
