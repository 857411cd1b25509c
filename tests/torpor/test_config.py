from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from torpor.config import ConfigError, parse_settings, read_settings
from torpor.words import PageMode

DESIGN = """
listen: 127.0.0.1:8080        # visitors
api: 127.0.0.1:8081           # REST, status page, metrics
engine: auto
idle_timeout: 5m
wake_timeout: 60s
apps:
  notes:
    hosts: [notes.localhost, "*.notes.localhost", "example.localhost/docs"]
    command: [python3, -m, http.server, "{port}"]
    directory: ./site
    env: {GREETING: hello, COUNT: 3}
    idle_timeout: 30s
    ready_path: /healthz
    needs: [database]
  database:
    command: [sleep, 60]
"""


def mistake(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        parse_settings(text)
    return str(caught.value)


def test_the_file_of_the_design_is_understood() -> None:
    settings = parse_settings(DESIGN, base=Path("/srv"))
    notes = settings.apps["notes"]
    assert notes.directory == Path("/srv/site")
    assert notes.env == {"GREETING": "hello", "COUNT": "3"}
    assert notes.command[0] == "python3"
    assert settings.apps["database"].command == ("sleep", "60")
    assert (settings.idle("notes"), settings.idle("database")) == (30.0, 300.0)
    assert settings.listen == ("127.0.0.1", 8080)


def test_certificates_are_beside_the_file() -> None:
    tls = parse_settings("tls: {certificates: ./certs}", base=Path("/srv")).tls
    assert tls is not None
    assert (tls.certificates, tls.listen, tls.redirect) == (Path("/srv/certs"), ("127.0.0.1", 8443), False)
    assert parse_settings("").tls is None


def test_an_apps_own_settings_go_before_the_defaults_of_all() -> None:
    apps = "apps:\n  a: {command: [x], page: never, hold: 0, page_log: true}\n  b: {command: [x]}\n"
    text = f"hold: 4s\nidle_timeout: 0\n{apps}"
    settings = parse_settings(text)
    assert (settings.policy("a").hold, settings.policy("b").hold) == (0.0, 4.0)
    assert (settings.policy("a").page, settings.policy("b").page) == (PageMode.NEVER, PageMode.AUTO)
    assert (settings.policy("a").page_log, settings.policy("b").page_log) == (True, False)
    assert settings.idle("a") == 0.0


def test_an_unknown_setting_names_its_line_and_what_is_allowed() -> None:
    message = mistake("apps:\n  a:\n    command: [x]\n    hots: [h]\n")
    assert message.startswith("torpor.yaml:4: apps.a.hots: unknown setting 'hots'; allowed are hosts, command")


def test_what_an_app_needs_is_written_as_kubernetes_writes_it() -> None:
    apps = parse_settings("apps: {a: {command: [x], requests: {cpu: 250m, memory: 64Mi}}, b: {command: [x]}}").apps
    assert (apps["a"].requests.cpu, apps["a"].requests.memory) == (Decimal("0.25"), 64 * 2**20)
    assert (apps["b"].requests.cpu, apps["b"].requests.memory) == (0, 0)
    message = mistake("apps:\n  a: {command: [x], requests: {cpu: lots}}\n")
    assert message.startswith("torpor.yaml:2: apps.a.requests.cpu: 'lots' is not an amount; allowed is a number")
    message = mistake("apps:\n  a: {command: [x], requests: {gpu: 1}}\n")
    assert message == "torpor.yaml:2: apps.a.requests.gpu: unknown setting 'gpu'; allowed are cpu, memory"


def test_the_hours_in_which_an_app_is_kept_awake_are_checked() -> None:
    apps = parse_settings("apps: {a: {command: [x], keep_awake: Mon 08:00-18:00 UTC}, b: {command: [x]}}").apps
    assert (apps["a"].keep_awake.written, apps["b"].keep_awake.written) == ("Mon 08:00-18:00 UTC", "")
    message = mistake("apps:\n  a: {command: [x], keep_awake: always}\n")
    assert message.startswith("torpor.yaml:2: apps.a.keep_awake: 'always' is not a time to keep awake; allowed are")
    assert "is not a time to keep awake" in mistake("apps:\n  a: {command: [x], keep_awake: 8}\n")


def test_two_apps_on_one_host_are_refused() -> None:
    message = mistake("apps:\n  a: {command: [x], hosts: [h]}\n  b: {command: [x], hosts: [H.]}\n")
    assert message == "torpor.yaml:3: apps.b.hosts.0: h leads to 'a' already; a route has one app"


def test_a_cycle_in_needs_is_shown_as_a_cycle() -> None:
    message = mistake(
        "apps:\n  a: {command: [x], needs: [b]}\n  b: {command: [x], needs: [c]}\n  c: {command: [x], needs: [b]}"
    )
    assert "a cycle in needs: b → c → b" in message


def test_a_need_that_does_not_exist_names_those_that_do() -> None:
    assert "there is no app 'z'; allowed are b" in mistake(
        "apps:\n  a: {command: [x], needs: [z]}\n  b: {command: [x]}"
    )


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("idle_timeout: soon", 1, "allowed is a number of seconds or a duration such as"),
        ("listen: 80", 1, "allowed is HOST:PORT"),
        ("\nengine: fast", 2, "'auto'"),
        ("apps:\n  a:\n    hosts: [h]", 2, "'command' is missing"),
        ("apps:\n  a:\n    command: x", 3, "write [x]"),
        ("apps:\n  a:\n    command: []", 3, "at least 1"),
        ("apps:\n  A_1:\n    command: [x]", 2, "allowed are up to 63 lower-case letters"),
        ("apps:\n  a:\n    command: [x]\n    env: {A: yes}", 4, "should be a valid string"),
        ("apps:\n  a:\n    command: [x]\n    ready_path: nope", 4, "pattern"),
        ("apps:\n  a:\n    command: [x]\n    page: maybe", 4, "'auto', 'always' or 'never'"),
        ("token: short", 1, "at least 16"),
        ("trusted_proxies: [mars]", 1, "is not a network"),
        ("tls: {}", 1, "'certificates' is missing"),
        ("tls:\n  certificate: x", 2, "unknown setting 'certificate'; allowed are listen, certificates, redirect"),
        ("tls:\n  certificates: x\n  listen: 443", 3, "allowed is HOST:PORT"),
        ("tls:\n  certificates: x\n  redirect: perhaps", 3, "should be a valid boolean"),
        ("tls: yes", 1, "expected settings with names"),
        ("engine: mitmproxy\ntls:\n  certificates: x", 2, "the engine mitmproxy does not do TLS; allowed with tls are"),
        ("- a\n- b", 1, "expected settings with names"),
        ("a: [", 1, "not YAML"),
    ],
)
def test_a_mistake_names_the_line_and_what_is_allowed(text: str, line: int, expected: str) -> None:
    message = mistake(text)
    assert f"torpor.yaml:{line}: " in message
    assert expected in message


def test_all_mistakes_are_told_at_once() -> None:
    assert len(mistake("idle_timeout: x\nlisten: y\nfoo: z").splitlines()) == 3


def test_a_file_that_is_not_there_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        read_settings(tmp_path / "torpor.yaml")


def test_an_empty_file_is_all_defaults() -> None:
    assert parse_settings("").apps == {}


@given(st.text(max_size=200))
def test_no_text_makes_anything_but_settings_or_a_config_error(text: str) -> None:
    with suppress(ConfigError):
        parse_settings(text)
