"""Why a container will not come up by itself, if so."""

from scaler.runtimes.kubernetes.pods.container import Container, Exit

STUCK = frozenset(
    {
        "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
        "RegistryUnavailable", "SignatureValidationFailed", "CreateContainerConfigError", "CreateContainerError",
        "PreCreateHookError", "PreStartHookError", "PostStartHookError", "RunContainerError", "CrashLoopBackOff",
    }
)  # fmt: skip
"""Reasons to wait that end only when somebody mends something."""
_BY_THE_RUNTIME = frozenset({"StartError", "ContainerCannotRun", "ContainerStatusUnknown"})
"""Ends whose message was not written by the app itself, which may say anything there, to anybody."""


def fault(container: Container) -> str | None:
    """In the cluster's own words; None as long as there is hope.

    One bad end is none yet: an app may have been started before what it needs. Two are.
    """
    stuck = container.waiting if container.waiting is not None and container.waiting.reason in STUCK else None
    ended = container.exited is not None and container.restarts > 0 and not (container.init and container.done)
    if stuck is None and not ended:
        return None
    name = f"init container {container.name}" if container.init else f"container {container.name}"
    if stuck is not None and (stuck.reason != "CrashLoopBackOff" or container.last_exit is None):
        said = stuck.message if stuck.message and stuck.reason != "CrashLoopBackOff" else name
        where = f"{name}: " if container.init and said != name else ""
        return f"{where}{stuck.reason}: {said}"
    how = _ending(container.last_exit) if container.last_exit is not None else ""
    times = f" {container.restarts + 1} times, the last time" if container.restarts else ""
    return f"{'CrashLoopBackOff: ' if stuck else ''}{name} ended{times}{how}"


def _ending(end: Exit) -> str:
    reason = f" ({end.why.reason})" if end.why.reason else ""
    said = f": {end.why.message}" if end.why.message and end.why.reason in _BY_THE_RUNTIME else ""
    return f" with exit code {end.code}{reason}{said}"
