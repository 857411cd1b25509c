"""What is written down of what happens: Events on the workload, and its phase."""

from pathlib import Path

import pytest

from scaler.errors import SleepRefused
from tests.scaler.runtimes.kubernetes.pods.servers import Web
from tests.scaler.runtimes.kubernetes.realm import APP, SCALE, Realm, reigning, town
from torpor.words import Phase


def reasons(realm: Realm) -> list[str]:
    return [reason for reason, _ in realm.events()]


async def test_a_sleep_is_told_once_it_has_been_written(tmp_path: Path) -> None:
    async with reigning(town(), tmp_path) as realm:
        await realm.scaler.sleep(APP)
        await realm.until(realm.events)
        written = [path.rsplit("/", 1)[-1] for path, _ in realm.server.written]
        assert written == ["web", "scale", "events"]
        assert realm.events() == [("Slept", "shop/web is asleep: put to sleep by an operator")]


async def test_a_sleep_that_cannot_be_written_is_told_as_taken_back_and_not_as_a_sleep(tmp_path: Path) -> None:
    server = town()
    server.refusals["PATCH", SCALE] = 403, "not yours to scale"
    async with reigning(server, tmp_path) as realm:
        with pytest.raises(SleepRefused, match="not yours to scale"):
            await realm.scaler.sleep(APP)
        await realm.until(realm.events)
        assert reasons(realm) == ["SleepTakenBack"]
        assert realm.phase() is Phase.AWAKE


async def test_a_wake_is_told_with_its_cause_and_the_phase_is_written_once(tmp_path: Path) -> None:
    web = Web()
    async with web.running() as address, reigning(town(address.port, replicas=0), tmp_path) as realm:
        realm.pod(address.port)
        realm.knock()
        await realm.until_phase(Phase.AWAKE)
        await realm.until(lambda: "Woken" in reasons(realm))
        assert realm.events()[-1][1].endswith(": GET / from ::1 (curl)")
        assert realm.phases() == ["awake"]


async def test_a_wake_that_fails_is_told_with_its_reason(tmp_path: Path) -> None:
    server = town(replicas=0)
    server.refusals["PATCH", SCALE] = 403, "no more pods for you"
    async with reigning(server, tmp_path) as realm:
        realm.knock()
        await realm.until_phase(Phase.FAILED)
        await realm.until(lambda: "WakeFailed" in reasons(realm))
        assert "the cluster says: no more pods for you" in realm.events()[-1][1]


async def test_what_is_wrong_with_objects_is_told_on_them(tmp_path: Path) -> None:
    async with reigning(town(idle_timeout="soon"), tmp_path) as realm:
        await realm.until(lambda: "BadAnnotation" in reasons(realm))
