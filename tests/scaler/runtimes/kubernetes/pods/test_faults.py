"""Why a container will not come up."""

import pytest

from scaler.runtimes.kubernetes.pods.container import Container, Exit, Why
from scaler.runtimes.kubernetes.pods.faults import fault

ERROR = Exit(1, Why("Error", "cannot connect to postgres://app:hunter2@db"))
DONE = Exit(0, Why("Completed"))
LOOP = Why("CrashLoopBackOff", "back-off 10s restarting failed container")


@pytest.mark.parametrize(
    "container",
    [
        Container("web"),
        Container("web", running=True),
        Container("web", waiting=Why("ContainerCreating")),
        Container("web", exited=ERROR),
        Container("web", running=True, before=ERROR, restarts=9),
        Container("migrate", init=True, exited=DONE, restarts=3),
    ],
    ids=["unknown", "running", "created", "ended once", "runs again", "init done"],
)
def test_there_is_hope(container: Container) -> None:
    assert fault(container) is None


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        (Container("web", waiting=Why("ErrImagePull", "no such image")), "ErrImagePull: no such image"),
        (Container("web", waiting=Why("CreateContainerError")), "CreateContainerError: container web"),
        (
            Container("migrate", init=True, waiting=Why("ErrImagePull", "no such image")),
            "init container migrate: ErrImagePull: no such image",
        ),
        (
            Container("web", exited=DONE, restarts=1),
            "container web ended 2 times, the last time with exit code 0 (Completed)",
        ),
        (
            Container("web", waiting=LOOP, before=ERROR, restarts=4),
            "CrashLoopBackOff: container web ended 5 times, the last time with exit code 1 (Error)",
        ),
        (
            Container("web", waiting=LOOP, before=ERROR),
            "CrashLoopBackOff: container web ended with exit code 1 (Error)",
        ),
        (Container("web", waiting=LOOP), "CrashLoopBackOff: container web ends again and again"),
        (
            Container("web", waiting=LOOP, before=Exit(128, Why("StartError", "exec: no such file")), restarts=1),
            (
                "CrashLoopBackOff: container web ended 2 times, the last time with exit code 128 (StartError): "
                "exec: no such file"
            ),
        ),
    ],
)
def test_somebody_has_to_mend_something(container: Container, reason: str) -> None:
    assert fault(container) == reason


def test_what_an_app_has_written_about_its_end_is_not_told() -> None:
    assert "hunter2" not in str(fault(Container("web", exited=ERROR, restarts=1)))
