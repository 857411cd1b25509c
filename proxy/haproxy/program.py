"""Which HAProxy is installed, and whether it will do."""

import re
import shutil
import subprocess

OLDEST = (2, 6)
PATIENCE = 10.0
"""Seconds for it to say what it is."""
_ELSEWHERE = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where distributions put it; not on every user's PATH."""


def find_program(program: str = "haproxy") -> tuple[str, str]:
    """The program's path and version. Raises OSError that says what to do."""
    path = shutil.which(program) or shutil.which(program, path=_ELSEWHERE)
    if path is None:
        raise OSError("HAProxy is not installed (on Debian: apt install haproxy)")
    try:
        asked = subprocess.run([path, "-vv"], capture_output=True, timeout=PATIENCE, check=False)  # noqa: S603 - found above
    except subprocess.TimeoutExpired:
        raise OSError(f"{path} does not say what version it is") from None
    said = asked.stdout.decode(errors="replace")
    found = re.search(r"^HA-?Proxy version (\d+)\.(\d+)([.\d]*)", said, re.MULTILINE)
    if found is None:
        raise OSError(f"{path} does not say what version of HAProxy it is")
    version = f"{found[1]}.{found[2]}{found[3]}"
    if (int(found[1]), int(found[2])) < OLDEST:
        raise OSError(f"{path} is HAProxy {version}; Torpor needs {OLDEST[0]}.{OLDEST[1]} or later")
    if "+LUA" not in said:
        raise OSError(f"{path} was built without Lua, which Torpor needs")
    return path, version
