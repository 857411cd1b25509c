"""Pods that a scale to nothing has met: they run until somebody gets round to ending them, so nobody is sent there.

A visit that follows a sleep at once finds them ready, and would be sent to what is about to go. When the workload has
come back before anybody has ended them, they stay: after a while they count again.
"""

from collections.abc import Iterable

from scaler.runtimes.kubernetes.pods.pod import Pod

STAYS = 3.0
"""Seconds of its workload being up again after which a pod is not about to go. A busy controller needs about one."""


class Leaving:
    """Of one app. Holds no more than there are pods."""

    def __init__(self) -> None:
        self._uids: frozenset[str] = frozenset()
        self._up_since: float | None = None

    def __bool__(self) -> bool:
        return bool(self._uids)

    def down(self, pods: Iterable[Pod]) -> None:
        """The workload is to have none: all that there are now are leaving."""
        self._uids, self._up_since = frozenset(pod.uid for pod in pods), None

    def up(self, pods: Iterable[Pod], now: float) -> tuple[list[Pod], float | None]:
        """Those that are not leaving, and the seconds until another look is worth it. `now` in monotonic seconds."""
        pods = list(pods)
        if not self._uids:
            return pods, None
        since = self._up_since = now if self._up_since is None else self._up_since
        self._uids &= {pod.uid for pod in pods if not pod.deleting}
        left = since + STAYS - now
        if left <= 0:
            self._uids = frozenset()
        return [pod for pod in pods if pod.uid not in self._uids], left if self._uids else None
