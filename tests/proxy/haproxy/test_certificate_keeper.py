"""Certificates that change under a running HAProxy: who is connected stays, and a bad file costs nobody anything."""

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from proxy.haproxy.configuration import Tls
from proxy.haproxy.crt_list import LIST
from proxy.haproxy.engine import HaproxyEngine
from proxy.haproxy.runtime import RuntimeSocket
from proxy.haproxy.state import StateDirectory
from proxy.lanes import LaneError
from proxy.server import House
from tests.certificates import DAY, Authority, Made, put
from tests.engines.street import Street, make_engine, street
from tests.wire import PATIENCE, App, Visitor


@dataclass
class Secured:
    """A street with TLS, its directory of certificates, and clients that trust its authority."""

    here: Street
    directory: Path
    authority: Authority
    changed: asyncio.Event
    state: Path

    def put(self, name: str, contents: bytes) -> None:
        put(self.directory, name, contents)
        self.changed.set()

    def make(self, *names: str) -> Made:
        return self.authority.make(*names)

    async def shown(self, name: str) -> int:
        """The serial number of the certificate that a visitor is shown who asks for this name."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        where = self.here.engine.addresses[1]
        _, writer = await asyncio.open_connection(*where, ssl=context, server_hostname=name)
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.transport.abort()
        return x509.load_der_x509_certificate(der).serial_number

    async def until_shown(self, name: str, made: Made) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.shown(name) != made.serial:
                await asyncio.sleep(0.05)

    async def visitor(self) -> Visitor:
        context = self.authority.client("http/1.1")
        where = self.here.engine.addresses[1]
        visitor = Visitor(*await asyncio.open_connection(*where, ssl=context, server_hostname="app.localhost"))
        self.here.visitors.append(visitor)
        return visitor

    async def held(self) -> list[str]:
        """What HAProxy shows to visitors."""
        said = await RuntimeSocket(self.state / "haproxy-1" / "run.sock").ask(f"show ssl crt-list {LIST}")
        return [line.split(" ")[0] for line in said.splitlines() if line.startswith("certificates/")]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    made = tmp_path / "certificates"
    made.mkdir()
    return made


@contextlib.asynccontextmanager
async def secured(state: Path, directory: Path, **certificates: Made) -> AsyncIterator[Secured]:
    authority, changed = Authority(), asyncio.Event()
    for name, made in ({"app": authority.make("app.localhost")} | certificates).items():
        put(directory, f"{name}.pem", made.pem)
    options = {"tls": Tls(("127.0.0.1", 0), directory), "certificates_changed": changed}
    async with App() as app, street("haproxy", state, **options) as here:
        await here.awake(app)
        yield Secured(here, directory, authority, changed, state)


async def until_logged(caplog: pytest.LogCaptureFixture, text: str, times: int = 1) -> None:
    async with asyncio.timeout(PATIENCE):
        while caplog.text.count(text) < times:
            await asyncio.sleep(0.02)


async def test_certificates_change_come_and_go_while_a_connection_stays(state: Path, directory: Path) -> None:
    async with secured(state, directory) as it:
        visitor = await it.visitor()
        assert (await visitor.get()).body == b"hello"
        haproxy = it.here.engine.pid  # type: ignore[attr-defined]

        it.put("app.pem", (app := it.make("app.localhost")).pem)
        await it.until_shown("app.localhost", app)
        it.put("zoo.crt", (zoo := it.make("zoo.localhost")).crt)
        it.put("zoo.key", zoo.key)
        await it.until_shown("zoo.localhost", zoo)
        (directory / "zoo.crt").unlink()
        (directory / "zoo.key").unlink()
        it.changed.set()
        await it.until_shown("zoo.localhost", app)
        it.put("default.pem", (default := it.make("default.localhost")).pem)
        await it.until_shown("zoo.localhost", default)
        assert await it.shown("app.localhost") == app.serial

        assert (await visitor.get()).body == b"hello"
        assert it.here.engine.pid == haproxy  # type: ignore[attr-defined]
        assert len(await it.held()) == 3


async def test_the_directory_is_looked_at_without_being_asked(
    state: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.haproxy.certificate_keeper.INTERVAL", 0.05)
    async with secured(state, directory) as it:
        put(directory, "app.pem", (app := it.make("app.localhost")).pem)
        await it.until_shown("app.localhost", app)


async def test_a_broken_file_keeps_what_was_there_and_the_others_go_on(
    state: Path, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with secured(state, directory) as it:
        app = await it.shown("app.localhost")
        put(directory, "app.pem", b"nothing")
        it.put("other.pem", (other := it.make("other.localhost")).pem)
        await it.until_shown("other.localhost", other)
        assert await it.shown("app.localhost") == app
        said = "certificate app.pem holds no certificate (-----BEGIN CERTIFICATE-----); what was served before stays"
        assert said in caplog.text
        it.changed.set()
        await until_logged(caplog, said, times=2)  # who asks is told again
        it.put("app.pem", (mended := it.make("app.localhost")).pem)
        await it.until_shown("app.localhost", mended)
        assert len(await it.held()) == 3


async def test_a_directory_that_vanishes_or_is_emptied_changes_nothing(
    state: Path, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with secured(state, directory) as it:
        app = await it.shown("app.localhost")
        shutil.rmtree(directory)
        it.changed.set()
        await until_logged(caplog, f"there is no directory {directory} for the certificates")
        directory.mkdir()
        it.changed.set()
        await until_logged(caplog, f"{directory} holds no certificate that can be served; put there")
        it.put("bad.pem", b"nothing")
        await until_logged(caplog, "certificate bad.pem holds no certificate (-----BEGIN CERTIFICATE-----)\n")
        assert await it.shown("app.localhost") == app
        it.put("app.pem", (fresh := it.make("app.localhost")).pem)
        await it.until_shown("app.localhost", fresh)


async def test_a_haproxy_that_dies_comes_back_with_the_certificates_of_now(state: Path, directory: Path) -> None:
    async with secured(state, directory) as it:
        it.put("app.pem", (app := it.make("app.localhost")).pem)
        it.put("more.pem", (more := it.make("more.localhost")).pem)
        await it.until_shown("more.localhost", more)
        put(directory, "more.pem", b"nothing")
        os.killpg(it.here.engine.pid, signal.SIGKILL)  # type: ignore[attr-defined]
        assert (await (await it.visitor()).get()).body == b"hello"
        assert await it.shown("app.localhost") == app.serial
        assert await it.shown("more.localhost") == more.serial


async def test_the_next_process_brings_a_running_haproxy_up_to_date(state: Path, directory: Path) -> None:
    """It was changed in between, and was left with a change begun and another half done."""
    async with secured(state, directory, old=Authority().make("old.localhost")) as it:
        engine = it.here.engine
        assert isinstance(engine, HaproxyEngine)
        runtime = RuntimeSocket(state / "haproxy-1" / "run.sock")
        fresh, kept = it.make("app.localhost"), it.make("kept.localhost")
        it.put("kept.pem", kept.pem)
        await it.until_shown("kept.localhost", kept)
        await engine._watch_no_more()  # as when the process is gone
        await runtime.ask("new ssl cert certificates/half.pem@00.pem")
        await runtime.ask(f"set ssl cert certificates/default.pem <<\n{kept.pem.decode()}")
        put(directory, "app.pem", fresh.pem)
        put(directory, "kept.pem", b"nothing")
        (directory / "old.pem").unlink()
        later = make_engine(
            "haproxy",
            House(it.here.doorman, it.here.table, it.here.ledger),
            state,
            tls=Tls(("127.0.0.1", 0), directory),
        )
        assert isinstance(later, HaproxyEngine)
        keeper = later._certificates
        assert keeper is not None
        await later._lives.find()
        await keeper.read()
        keeper.is_up(taken_over=True)
        async with asyncio.TaskGroup() as group:
            running = group.create_task(keeper.run())
            await it.until_shown("app.localhost", fresh)
            await it.until_shown("old.localhost", fresh)
            running.cancel()
        assert await it.shown("kept.localhost") == kept.serial
        assert len(await it.held()) == 3
        assert "half" not in await runtime.ask("show ssl cert")


async def test_no_key_is_left_in_a_file_or_said(state: Path, directory: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with secured(state, directory) as it:
            it.put("more.pem", (more := it.make("more.localhost")).pem)
            await it.until_shown("more.localhost", more)
            written = [file.read_bytes() for file in state.rglob("*") if file.is_file()]
            assert not any(b"PRIVATE KEY" in contents for contents in written)
    assert "PRIVATE KEY" not in caplog.text
    assert not state.exists()


async def test_no_key_is_left_by_a_start_that_fails_or_was_cut_off(
    state: Path, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(directory, "app.pem", Authority().make("app.localhost").pem)
    left = StateDirectory(state).new_generation()
    left.write({"certificates/old.pem.new": "a key"})
    seen: list[tuple[str, int]] = []

    async def fail(*_: object) -> None:
        seen.extend((file.name, file.stat().st_mode & 0o777) for file in state.glob("haproxy-*/certificates/*"))
        raise OSError("HAProxy does not start")

    monkeypatch.setattr("proxy.haproxy.generations.HaproxyProcess.start", fail)
    here = Street()
    house = House(here.doorman, here.table, here.ledger)
    with pytest.raises(OSError, match="HAProxy does not start"):
        await make_engine("haproxy", house, state, tls=Tls(("127.0.0.1", 0), directory)).__aenter__()
    assert len(seen) == 2
    assert {mode for _, mode in seen} == {0o600}
    assert not state.exists()


async def test_a_certificate_that_has_expired_is_served_with_a_warning(
    state: Path, directory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = Authority().make("old.localhost", begins=-3 * DAY, ends=-DAY)
    async with secured(state, directory, old=old) as it:
        assert await it.shown("old.localhost") == old.serial
        assert "certificate old.pem has expired on" in caplog.text


async def test_one_that_haproxy_refuses_keeps_what_was_there(
    state: Path, directory: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.certificates import short_key

    monkeypatch.setattr("proxy.haproxy.pem._let_openssl_see", lambda text: None)
    async with secured(state, directory) as it:
        app = await it.shown("app.localhost")
        put(directory, "app.pem", it.authority.make("app.localhost", key=short_key()).pem)
        it.put("other.pem", (other := it.make("other.localhost")).pem)
        await it.until_shown("other.localhost", other)
        await until_logged(caplog, "HAProxy does not take the certificate app.pem: ")
        assert await it.shown("app.localhost") == app
        it.put("app.pem", (fresh := it.make("app.localhost")).pem)
        await it.until_shown("app.localhost", fresh)
        stored = await RuntimeSocket(state / "haproxy-1" / "run.sock").ask("show ssl cert")
        assert stored.count("certificates/") == 3


async def test_the_longest_chain_that_is_allowed_fits(state: Path, directory: Path) -> None:
    from proxy.haproxy.pem import LARGEST

    async with secured(state, directory) as it:
        made, filler = it.make("long.localhost"), it.authority.own.crt
        room = (LARGEST - len(made.pem)) // len(filler)
        it.put("long.pem", made.crt + filler * room + made.key)
        await it.until_shown("long.localhost", made)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda directory: shutil.rmtree(directory), "there is no directory .* for the certificates"),
        (lambda directory: None, r"there is no certificate to serve: .*; put there NAME\.pem with chain and key"),
        (
            lambda directory: put(directory, "a.pem", b"x"),
            r"no certificate to serve: .*; certificate a\.pem holds no certificate",
        ),
    ],
)
async def test_without_any_certificate_it_does_not_start(
    state: Path, directory: Path, make: Callable[[Path], None], said: str
) -> None:
    make(directory)
    here = Street()
    house = House(here.doorman, here.table, here.ledger)
    with pytest.raises(OSError, match=said):
        await make_engine("haproxy", house, state, tls=Tls(("127.0.0.1", 0), directory)).__aenter__()
    assert not state.exists()


async def test_while_haproxy_does_not_answer_it_is_tried_again(
    state: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("proxy.haproxy.certificate_keeper.INTERVAL", 0.05)
    async with secured(state, directory) as it:
        real = RuntimeSocket.ask

        async def refuse(runtime: RuntimeSocket, command: str) -> str:
            if command.startswith("commit"):
                raise LaneError("HAProxy does not answer: not today")
            return await real(runtime, command)

        monkeypatch.setattr(RuntimeSocket, "ask", refuse)
        it.put("app.pem", (app := it.make("app.localhost")).pem)
        await until_logged(caplog, "HAProxy's certificates are not up to date: HAProxy does not answer: not today")
        monkeypatch.setattr(RuntimeSocket, "ask", real)
        await it.until_shown("app.localhost", app)
