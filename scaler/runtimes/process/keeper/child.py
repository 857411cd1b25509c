"""Turns a command into a process: a session of its own, its directory, its environment, and no way to outlive us.

By fork and exec here rather than with subprocess, because a keeper has one thread and little memory (so that a fork is
safe and takes a millisecond), must reap processes that it never started, and must not wait for the exec.
"""

import os
import resource
import signal
import warnings  # noqa: F401 - else every child imports it, on its way through os.execvpe
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from .prctl import die_with

_ALL = signal.valid_signals()
_IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
HANDLED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD)
"""What the keeper itself has a handler for."""


def launch(
    command: list[str],
    directory: str,
    environment: Mapping[str, str],
    output: int,
    files: tuple[int, int],
) -> tuple[int, int]:
    """Start a process that writes to `output`, with `files` as its limit of open files.

    Returns its pid and a pipe that ends without a word when the program runs, else says `stage errno`. Raises OSError
    when there cannot be another process.
    """
    said, say = os.pipe()
    keeper = os.getpid()
    # A SIGTERM that comes before the exec must end the child, not vanish in the keeper's handler.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ALL)
    try:
        pid = os.fork()
        if pid == 0:
            _become(command, directory, environment, output, files, keeper, say)
    except OSError:
        os.close(said)
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        os.close(say)
    os.set_blocking(said, False)
    return pid, said


def _become(
    command: list[str],
    directory: str,
    environment: Mapping[str, str],
    output: int,
    files: tuple[int, int],
    keeper: int,
    say: int,
) -> NoReturn:
    stage = "process"
    try:
        os.setsid()
        die_with(keeper)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        resource.setrlimit(resource.RLIMIT_NOFILE, files)
        for number in (*_IGNORED_BY_PYTHON, *HANDLED):
            signal.signal(number, signal.SIG_DFL)
        stage = "directory"
        os.chdir(directory)
        stage = "command"
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ALL)
        os.execvpe(command[0], command, environment)  # noqa: S606 - no shell is the point
    except OSError as error:
        os.write(say, f"{stage} {error.errno}".encode())
    except BaseException:  # noqa: BLE001 - whatever it is, a forked copy of the keeper must not live on
        os.write(say, f"{stage} 22".encode())  # EINVAL: a NUL inside an argument and the like
    finally:
        os._exit(127)


def kill(pid: int, number: signal.Signals) -> None:
    """Signal one process; one that is gone, or has become another user's, is left alone."""
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def kill_group(leader: int, number: signal.Signals) -> None:
    """Signal a child that was launched, and its group."""
    try:
        os.killpg(leader, number)
    except OSError:
        kill(leader, number)  # it has not made its session yet
