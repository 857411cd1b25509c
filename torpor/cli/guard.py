"""A supervised process ends with its parent, whatever ends the parent.

Two ropes, because each has a gap: the kernel's death signal exists on Linux only, and the end of a pipe works
everywhere but needs a thread that reads it.
"""

import ctypes
import os
import signal
import sys
from threading import Thread

PR_SET_PDEATHSIG = 1  # prctl(2)


def end_with_parent(parent: int) -> None:
    """End this process at once when the process `parent` ends, which holds the other end of our standard input."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before the signal was asked for
            os._exit(1)
    Thread(target=_watch_input, name="parent-watch", daemon=True).start()


def _watch_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(1)
