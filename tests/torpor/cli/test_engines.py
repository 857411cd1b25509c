import pytest

from torpor.cli import engines
from torpor.cli.engines import Choice, choose, refuse_tls_without_haproxy
from torpor.cli.failure import WrongConfiguration


def test_auto_is_haproxy_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "find_program", lambda: ("/usr/sbin/haproxy", "2.6.12"))
    assert str(choose("auto")) == "HAProxy (auto: /usr/sbin/haproxy is HAProxy 2.6.12)"


@pytest.mark.parametrize("why", ["HAProxy is not installed", "/usr/sbin/haproxy is HAProxy 2.4.0; Torpor needs 2.6"])
def test_auto_is_mitmproxy_elsewhere_and_says_why(monkeypatch: pytest.MonkeyPatch, why: str) -> None:
    def find_program() -> tuple[str, str]:
        raise OSError(why)

    monkeypatch.setattr(engines, "find_program", find_program)
    assert str(choose("auto")) == f"mitmproxy (auto: {why})"


@pytest.mark.parametrize("name", ["mitmproxy", "haproxy"])
def test_an_engine_that_is_asked_for_is_taken(name: str) -> None:
    assert choose(name) == (name, "as the settings say")


def test_tls_is_refused_in_words_where_auto_finds_no_haproxy() -> None:
    refuse_tls_without_haproxy(Choice("haproxy", "auto"), "torpor.yaml: tls")
    with pytest.raises(WrongConfiguration) as caught:
        refuse_tls_without_haproxy(Choice("mitmproxy", "auto: HAProxy is not installed"), "torpor.yaml: tls")
    assert caught.value.exit_code == 2
    assert caught.value.message.startswith(
        "torpor.yaml: tls: TLS needs the engine HAProxy, and the engine here is mitmproxy (auto: HAProxy is not "
        "installed); install HAProxy 2.6 or later"
    )
