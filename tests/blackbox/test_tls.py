"""`torpor up` with TLS: curl and Chromium as visitors, and what is said when it cannot be."""

import base64
import hashlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.blackbox.programs import program
from tests.blackbox.test_waiting_page import PERSON, own_page
from tests.blackbox.torpor_up import Settings, Torpor, answering, command, wait
from tests.certificates import Authority, Made, put
from tests.chromium import Chromium

AUTHORITY = Authority()


def with_tls(**apps: Settings) -> Settings:
    tls = {"listen": "127.0.0.1:0", "certificates": "./certs", "redirect": True}
    return {"engine": "haproxy", "tls": tls, "apps": apps}


class Secured:
    """A running Torpor whose certificates are by the tests' authority."""

    def __init__(self, directory: Path, made: Made) -> None:
        self.directory = directory
        self.certificates = directory / "certs"
        self.authority = directory / "authority.pem"
        self.authority.write_bytes(AUTHORITY.own.crt)
        self.certificates.mkdir()
        put(self.certificates, "app.pem", made.pem)

    def ready(self, torpor: Torpor) -> None:
        self.torpor = torpor
        self.host, _, port = json.loads((self.directory / "ready.json").read_text())["tls"].rpartition(":")
        self.port = int(port)

    def curl(self, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`url` has the ports of curl's defaults; they lead to Torpor's."""
        there = [f"app.localhost:80:{self.host}:{self.torpor.listen[1]}", f"app.localhost:443:{self.host}:{self.port}"]
        connect = [word for one in there for word in ("--connect-to", one)]
        tool = [program("curl"), "-sS", "--noproxy", "*", "--max-time", "60", "--cacert", str(self.authority)]
        done = subprocess.run(
            [*tool, *connect, *arguments, url], capture_output=True, text=True, timeout=90, check=False
        )
        assert done.returncode == 0, done
        return done

    def serial(self) -> int:
        """Of the certificate that is shown for app.localhost."""
        context = AUTHORITY.client()
        plain = socket.create_connection((self.host, self.port), timeout=20)
        with context.wrap_socket(plain, server_hostname="app.localhost") as secured:
            shown = secured.getpeercert(binary_form=True)
        assert shown is not None
        return x509.load_der_x509_certificate(shown).serial_number


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    it = Secured(tmp_path_factory.mktemp("tls"), AUTHORITY.make("app.localhost"))
    apps = {"app": answering("app", START_DELAY=0.3), "page": own_page("page", 0.5, hold="100ms")}
    with Torpor.up(it.directory, with_tls(**apps)) as running:
        it.ready(running)
        yield it


def test_curl_wakes_an_app_over_tls_and_http_2(secured: Secured) -> None:
    secured.torpor.sleep("app")
    done = secured.curl("https://app.localhost/a?b=c", "--http2", "-w", "\n%{http_version} %{ssl_verify_result}")
    body, _, told = done.stdout.rpartition("\n")
    assert told == "2 0"
    assert json.loads(body)["target"] == "/a?b=c"
    assert {name.lower(): value for name, value in json.loads(body)["headers"]}["x-forwarded-proto"] == "https"


def test_curl_without_tls_is_sent_there_with_its_body(secured: Secured) -> None:
    secured.torpor.sleep("app")
    done = secured.curl("http://app.localhost/x", "-i", "--data", "body")
    assert done.stdout.startswith("HTTP/1.1 308 ")
    [location] = re.findall(r"(?i)^location: (.*)$", done.stdout.replace("\r", ""), re.MULTILINE)
    assert location == f"https://app.localhost:{secured.port}/x"
    assert secured.torpor.phase("app") == "asleep"
    connect = ("--connect-to", f"app.localhost:{secured.port}:{secured.host}:{secured.port}")
    done = secured.curl("http://app.localhost/x", "-L", *connect, "--data", "body")
    answer = json.loads(done.stdout)
    assert (answer["method"], answer["length"]) == ("POST", 4)


def test_it_says_where_it_listens(secured: Secured) -> None:
    said = secured.torpor.said()
    http, https = f"http://127.0.0.1:{secured.torpor.listen[1]}", f"https://127.0.0.1:{secured.port}"
    assert f"visitors: {http} and {https}   status page: " in said
    assert f"app: https://app.localhost:{secured.port}" in said


@pytest.mark.parametrize("how", ["by itself", "SIGHUP", "torpor reload"])
def test_a_renewed_certificate_is_shown(secured: Secured, how: str) -> None:
    renewed = AUTHORITY.make("app.localhost")
    put(secured.certificates, "app.pem", renewed.pem)
    if how == "SIGHUP":
        secured.torpor.process.send_signal(signal.SIGHUP)
    elif how == "torpor reload":
        assert secured.torpor.command("reload").returncode == 0
    wait(lambda: secured.serial() == renewed.serial, what=lambda: "the new certificate is not shown")


def test_a_proxy_that_is_killed_comes_back_on_the_same_port_with_the_certificates_of_now(secured: Secured) -> None:
    renewed = AUTHORITY.make("app.localhost")
    before = secured.torpor.proxy()
    os.kill(before, signal.SIGKILL)
    put(secured.certificates, "app.pem", renewed.pem)
    wait(lambda: secured.torpor.proxies() not in ([], [before]), what=lambda: "there is no new proxy")
    wait(lambda: secured.serial() == renewed.serial, what=lambda: "the new certificate is not shown")
    assert json.loads(secured.curl("https://app.localhost/").stdout)["target"] == "/"


async def test_a_person_sees_the_waiting_page_and_then_the_app(secured: Secured) -> None:
    made = AUTHORITY.make("page.localhost")
    put(secured.certificates, "page.pem", made.pem)
    secured.torpor.process.send_signal(signal.SIGHUP)
    key = made.private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    trusted = base64.b64encode(hashlib.sha256(key).digest()).decode()

    def is_there() -> bool:
        try:
            ssl.get_server_certificate((secured.host, secured.port))
            return "certificate page.pem is for page.localhost" in secured.torpor.said()
        except OSError:
            return False

    wait(is_there, what=lambda: "the certificate of the page is not there")
    flag = f"--ignore-certificate-errors-spki-list={trusted}"
    async with Chromium.start(PERSON, flag) as chromium, chromium.page() as page:
        await page.open(f"http://page.localhost:{secured.torpor.listen[1]}/")
        await page.wait("document.title === 'The app itself'")
        assert await page.evaluate("location.origin") == f"https://page.localhost:{secured.port}"
        assert await page.evaluate("performance.getEntriesByType('navigation')[0].nextHopProtocol") == "h2"
        assert page.documents[0][0] in (200, 503)


@pytest.mark.parametrize(
    ("named", "tls", "code", "said"),
    [
        (
            "mitmproxy",
            {"certificates": "."},
            2,
            r"torpor\.yaml:\d+: tls: the engine mitmproxy does not do TLS; allowed",
        ),
        ("haproxy", {"certificates": "./none"}, 1, r"torpor: .*there is no directory .*/none for the certificates"),
        ("haproxy", {"certificates": "./bad"}, 1, r"certificate a\.pem holds no certificate \(-----BEGIN"),
        ("haproxy", {}, 2, r"torpor\.yaml:\d+: tls\.certificates: 'certificates' is missing"),
        ("haproxy", {"certificates": ".", "listen": 1}, 2, r"tls\.listen: 1 is not an address to listen on"),
        (
            "haproxy",
            {"certificate": "."},
            2,
            r"unknown setting 'certificate'; allowed are listen, certificates, redirect",
        ),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(tmp_path: Path, named: str, tls: Settings, code: int, said: str) -> None:
    (tmp_path / "bad").mkdir()
    put(tmp_path / "bad", "a.pem", b"nothing")
    settings = {"listen": "127.0.0.1:0", "api": "127.0.0.1:0", "engine": named, "tls": {"listen": "127.0.0.1:0"} | tls}
    (tmp_path / "torpor.yaml").write_text(json.dumps(settings, indent=1))
    ended = command("up", cwd=tmp_path)
    assert ended.returncode == code, ended
    assert re.search(said, ended.stderr), ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_proxy_is_told_what_it_lacks(tmp_path: Path) -> None:
    tells = {**os.environ, "TORPOR_LINK_TOKEN": "a-token-of-the-link"}
    base = ("proxy", "--link", "http://127.0.0.1:9", "--listen", "127.0.0.1:0")
    lone = command(*base, "--tls-listen", "127.0.0.1:0", cwd=tmp_path, env=tells)
    assert lone.returncode == 2
    assert "TLS takes both: --tls-listen HOST:PORT and --certificates DIRECTORY" in lone.stderr
    options = ("--tls-listen", "127.0.0.1:0", "--certificates", ".", "--engine", "mitmproxy")
    wrong = command(*base, *options, cwd=tmp_path, env=tells)
    assert wrong.returncode == 2
    assert "--tls-listen: TLS needs the engine HAProxy, and the engine here is mitmproxy" in wrong.stderr
