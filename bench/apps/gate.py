"""The gate before an app: it starts, but listens only when the bench opens."""

import os
import time

_PERIOD = 0.002


def wait_at_gate() -> None:
    """Note the start in the directory that GATE names, and wait for the file `open` there; without GATE, go on."""
    directory = os.environ.get("GATE")
    if not directory:
        return
    with open(os.path.join(directory, f"start-{os.getpid()}"), "x"):  # noqa: PTH118, PTH123 - pathlib is slow to load
        pass
    while not os.path.exists(os.path.join(directory, "open")):  # noqa: PTH110, PTH118 - as above
        time.sleep(_PERIOD)
