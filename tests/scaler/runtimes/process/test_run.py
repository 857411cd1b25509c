"""The words for the end of a run."""

from pathlib import Path

from scaler.runtimes.process import Workload
from scaler.runtimes.process.run import Run


def run(log: Path) -> Run:
    begun = Run(1, "web", Workload(("web",), log.parent, {}, None, None, 1.0, log, 4096))
    begun.began += 60.0  # hardly a moment ago, whatever keeps this process from going on
    return begun


async def test_a_reason_has_the_end_the_time_and_the_last_words(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("no database\n")
    assert run(log).reason(3, []) == "exited with code 3 after 0.1s: no database"


async def test_a_reason_without_words(tmp_path: Path) -> None:
    assert run(tmp_path / "none.log").reason(-9, []) == "killed by SIGKILL after 0.1s"


async def test_a_daemon_is_named(tmp_path: Path) -> None:
    reason = run(tmp_path / "none.log").reason(0, ["nginx (pid 7)"])
    assert reason == (
        "exited with code 0 after 0.1s but left nginx (pid 7) behind: "
        "it must stay in the foreground, not become a daemon"
    )


async def test_a_run_that_vanishes_is_over_and_stays_so(tmp_path: Path) -> None:
    one = run(tmp_path / "none.log")
    one.end("exited")
    one.vanish("stopped")
    one.vanish("stopped")
    assert one.spawned.done()
    assert one.gone.done()
    assert one.over.result() == "exited"
