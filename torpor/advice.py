"""What to do about a wake that failed, told by its reason: runtimes and clusters have few ways to say one."""

import re

_ENDS = "It starts and ends again: the end of its log says why."
_COMMAND = "Its command cannot be run: check its name, and that it is there and may be executed."
_ADVICE = (
    # What a process said last is part of these reasons, and may be anything: they are told by how they begin.
    (r"^needs .* which failed", "What it needs has to be mended first."),
    (r"^(exited with|killed by) ", _ENDS),
    (r"^(command not found|not executable|cannot run|directory not found|cannot enter) ?", _COMMAND),
    (r"^port \d+ is taken", "Something else has its port: end that, or choose another port."),
    (
        r"^not ready after ",
        "It was started and did not become ready in time: its log may say why, or it wants a longer wake timeout.",
    ),
    (
        r"ErrImage|ImagePull|InvalidImageName|ImageInspectError|RegistryUnavailable|SignatureValidationFailed",
        "Its image cannot be pulled: check the image's name and tag, and that the cluster may read that registry.",
    ),
    (
        r"CreateContainerConfigError",
        "What its pods name is missing, such as a Secret or a ConfigMap: create it, or mend the workload.",
    ),
    (r"OOMKilled", "It takes more memory than its limit allows: raise the limit."),
    (r"StartError|ContainerCannotRun|RunContainerError", _COMMAND),
    (r"CrashLoopBackOff|exit code|ends again and again", _ENDS),
    (r"^node \S+ is not ready", "The node of its pods is lost: mend it, or let the pods go elsewhere."),
    (
        r"^Unschedulable|nodes are available",
        "No node has room for its pods, or none suits them: add a node, free some room, or have it request less.",
    ),
    (r"^FailedCreate", "The cluster does not let its pods in: the reason names the rule."),
)
_OTHERWISE = "If it stays like this, its log or the cluster's events may say more."
_READ = 1_000
"""Characters of a reason that are looked at."""


def advice(reason: str) -> str:
    """A sentence or two for whoever runs the app; empty for no reason."""
    if not reason:
        return ""
    return next((todo for words, todo in _ADVICE if re.search(words, reason[:_READ])), _OTHERWISE)
