import pytest

from torpor.advice import advice


@pytest.mark.parametrize(
    ("reason", "todo"),
    [
        ("ErrImagePull: registry.example/shop:pr-8: not found", "image cannot be pulled"),
        ('ImagePullBackOff: Back-off pulling image "shop:pr-8"', "image cannot be pulled"),
        (
            "CrashLoopBackOff: container shop ended 3 times, the last time with exit code 1",
            "the end of its log",
        ),
        ("container shop ended 2 times, the last time with exit code 137 (OOMKilled)", "raise the limit"),
        ("init container migrate ended 2 times, the last time with exit code 1 (Error)", "the end of its log"),
        ('CreateContainerConfigError: secret "shop" not found', "Secret or a ConfigMap"),
        ("RunContainerError: exec: /shop: no such file or directory", "command cannot be run"),
        ("Unschedulable: 0/3 nodes are available: 3 Insufficient memory.", "No node has room"),
        ("node worker-1 is not ready: kubelet stopped posting node status", "node of its pods is lost"),
        ('FailedCreate: pods "shop-1" is forbidden: exceeded quota', "the reason names the rule"),
        ("not ready after 1m: probing GET /healthz (connection refused)", "longer wake timeout"),
        ("command not found: datasett (looked in PATH)", "command cannot be run"),
        ("not executable: ./serve (Permission denied)", "command cannot be run"),
        ("directory not found: /srv/notes", "command cannot be run"),
        ("port 8000 is taken by nginx", "choose another port"),
        ("exited with code 1 after 0.2s: ErrImagePull is what the app said last", "the end of its log"),
        ("killed by SIGKILL after 3s", "the end of its log"),
        ("needs database, which failed: exited with code 1 after 1s", "mended first"),
        ("the cluster says: etcdserver: request timed out", "events may say more"),
    ],
)
def test_each_sort_of_failure_has_its_advice(reason: str, todo: str) -> None:
    assert todo in advice(reason)


def test_nothing_is_to_be_done_about_no_reason() -> None:
    assert advice("") == ""


def test_a_long_reason_is_read_only_in_part() -> None:
    assert "say more" in advice("x" * 1000 + "ErrImagePull")
