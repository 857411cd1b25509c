"""What the scaler says when it cannot do what an operator asked for: each carries the reason, fit for people's eyes."""


class WakeFailed(Exception):  # noqa: N818 - reads as what happened
    """A wake that did not end in awake: `reason` is the runtime's own, `retry_in` the back-off left, in seconds."""

    def __init__(self, reason: str, retry_in: float = 0.0) -> None:
        self.reason = reason
        self.retry_in = retry_in
        super().__init__(reason)


class SleepRefused(Exception):  # noqa: N818 - reads as what happened
    """A sleep that was called off: by a visit, by work in flight, or because the app may not sleep now."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotManaged(Exception):  # noqa: N818 - reads as what it is
    """Neither to be woken nor put to sleep: Torpor only forwards visits to it."""

    def __init__(self) -> None:
        self.reason = "it is not managed: Torpor only forwards visits to it"
        super().__init__(self.reason)


class NoApplier(Exception):  # noqa: N818 - reads as what it is
    """Nobody here applies manifests; `passing`: for a moment only."""

    def __init__(self, reason: str, *, passing: bool) -> None:
        self.reason = reason
        self.passing = passing
        super().__init__(reason)
