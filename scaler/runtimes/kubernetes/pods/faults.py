"""Why a container will not come up by itself, if so."""

from scaler.runtimes.kubernetes.pods.container import Container, Exit

_LOOP = "CrashLoopBackOff"
STUCK = frozenset(
    {
        "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError",
        "RegistryUnavailable", "SignatureValidationFailed", "CreateContainerConfigError", "CreateContainerError",
        "PreCreateHookError", "PreStartHookError", "PostStartHookError", "RunContainerError", _LOOP,
    }
)  # fmt: skip
"""Reasons to wait that end only when somebody mends something."""
_BY_THE_RUNTIME = frozenset({"StartError", "ContainerCannotRun", "ContainerStatusUnknown"})
"""Ends whose message was not written by the app itself, which may say anything there, to anybody."""


def fault(container: Container) -> str | None:
    """In the cluster's own words; None as long as there is hope.

    One bad end is none yet: an app may have been started before what it needs. Two are.
    """
    name = f"init container {container.name}" if container.init else f"container {container.name}"
    waiting = container.waiting
    if waiting is not None and waiting.reason in STUCK:
        if waiting.reason == _LOOP:
            return f"{_LOOP}: {_ends(name, container)}"
        said = f"{waiting.reason}: {waiting.message or name}"
        return f"{name}: {said}" if container.init and waiting.message else said
    if container.exited is None or container.restarts == 0 or (container.init and container.done):
        return None
    return _ends(name, container)


def _ends(name: str, container: Container) -> str:
    if container.last_exit is None:
        return f"{name} ends again and again"
    times = f" {container.restarts + 1} times, the last time" if container.restarts else ""
    return f"{name} ended{times}{_ending(container.last_exit)}"


def _ending(end: Exit) -> str:
    reason = f" ({end.why.reason})" if end.why.reason else ""
    said = f": {end.why.message}" if end.why.message and end.why.reason in _BY_THE_RUNTIME else ""
    return f" with exit code {end.code}{reason}{said}"
