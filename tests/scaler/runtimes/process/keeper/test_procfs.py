"""Who descends from whom."""

import os
import subprocess
import sys
import time
from pathlib import Path

from scaler.runtimes.process.keeper import procfs
from scaler.runtimes.process.keeper.procfs import STRAY, Process, kin

KEEPER = 10


def process(pid: int, parent: int, session: int) -> Process:
    return Process(pid, f"p{pid}", "S", parent, session, 0)


def families(*processes: Process, mains: dict[int, int]) -> dict[int, list[int]]:
    table = {one.pid: one for one in (process(1, 0, 1), process(KEEPER, 1, KEEPER), *processes)}
    return {run: [one.pid for one in found] for run, found in kin(table, KEEPER, mains, "nonce").items()}


def test_a_family_is_who_descends_from_its_main_process() -> None:
    assert families(
        process(20, KEEPER, 20),
        process(21, 20, 20),
        process(22, 21, 22),
        process(30, KEEPER, 30),
        mains={20: 1, 30: 2},
    ) == {1: [20, 21, 22], 2: [30]}


def test_an_orphan_in_the_session_belongs_to_it_also_when_the_main_process_is_gone() -> None:
    assert families(process(21, KEEPER, 20), process(22, 21, 22), mains={20: 1}) == {1: [21, 22]}


def test_an_orphan_with_neither_is_a_stray_with_all_its_children() -> None:
    assert families(process(4_000_021, KEEPER, 4_000_021), process(22, 4_000_021, 22), mains={20: 1}) == {
        STRAY: [4_000_021, 22]
    }


def test_a_main_process_counts_before_it_has_its_session() -> None:
    assert families(process(20, KEEPER, KEEPER), mains={20: 1}) == {1: [20]}


def test_others_and_the_keeper_itself_are_nobodys() -> None:
    assert families(process(2, 1, 2), process(3, 99, 3), mains={}) == {}


def test_a_circle_of_numbers_used_again_ends() -> None:
    assert families(process(40, 41, 40), process(41, 40, 41), mains={}) == {}


def test_the_table_has_this_process() -> None:
    found = procfs.table()[os.getpid()]
    assert found.parent == os.getppid()
    assert found.session == os.getsid(0)


def test_names_with_brackets_and_spaces_are_read_right() -> None:
    code = "open('/proc/self/comm', 'w').write('a) S (b'); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        found = procfs.look(child.pid)
        assert found is not None
        assert (found.name, found.parent) == ("a) S (b", os.getpid())
        child.communicate(b"\n")


def test_a_zombie_and_a_process_that_is_gone_are_not_there() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert procfs.look(child.pid) is None
    assert child.pid not in procfs.table()
    child.wait()
    assert procfs.look(child.pid) is None


def test_a_mark_is_this_keepers_own() -> None:
    with subprocess.Popen(["cat"], env={procfs.MARK: "abc.17"}, stdin=subprocess.PIPE) as child:
        while Path(f"/proc/{child.pid}/comm").read_text() != "cat\n":
            time.sleep(0.001)
        assert procfs.marked(child.pid, "abc") == 17
        assert procfs.marked(child.pid, "ab") == STRAY
        child.communicate()
