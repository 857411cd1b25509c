"""What an app is started with."""

from pathlib import Path

from scaler.runtimes.process import Workload


def workload(*command: str, env: dict[str, str]) -> Workload:
    return Workload(
        command=command,
        directory=Path("/"),
        env=env,
        port=None,
        ready_path=None,
        stop_timeout=1.0,
        log_file=Path("/dev/null"),
        log_bytes=4096,
    )


def test_the_port_is_filled_in_wherever_it_stands() -> None:
    command, env = workload("serve", "--bind=[::1]:{port}", "{port}{port}", env={"URL": "http://x:{port}"}).filled(80)
    assert command == ["serve", "--bind=[::1]:80", "8080"]
    assert env == {"PORT": "80", "URL": "http://x:80"}


def test_other_braces_stay() -> None:
    command, _ = workload("printf", "{}", "{name} {0} {{port}}", env={}).filled(80)
    assert command == ["printf", "{}", "{name} {0} {80}"]


def test_a_port_variable_of_the_apps_own_wins() -> None:
    _, env = workload("serve", env={"PORT": "7"}).filled(80)
    assert env["PORT"] == "7"
