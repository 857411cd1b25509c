"""The limit on open files: each visit needs a descriptor or two, and the usual soft limit of 1024 is soon reached."""

import resource

ENOUGH = 1 << 20
"""Some systems have a hard limit of a thousand million, and programs that walk through all descriptors."""


def raise_fd_limit() -> int:
    """Raise the soft limit to the hard one and return what holds now. Where that is forbidden, leave it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return ENOUGH if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (ValueError, OSError):
        return soft
    return wanted
