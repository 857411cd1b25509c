"""How a process ended, in words."""

from scaler.runtimes.process.keeper.exits import ending


def test_an_exit_has_a_code() -> None:
    assert ending(0) == "exited with code 0"
    assert ending(3) == "exited with code 3"


def test_a_signal_has_a_name_if_it_has_one() -> None:
    assert ending(-9) == "killed by SIGKILL"
    assert ending(-40) == "killed by signal 40"
