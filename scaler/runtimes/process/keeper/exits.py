"""How a process ended, in words."""

import signal


def ending(code: int) -> str:
    """`exited with code 3` or `killed by SIGKILL`, from an exit code or minus a signal."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"  # the real-time signals have no names
