import pytest
from hypothesis import given
from hypothesis import strategies as st

from scaler.runtimes.kubernetes.objects.annotations import ALLOWED, AppSettings, Bad, Defaults, read_annotations
from tests.scaler.runtimes.kubernetes.cluster_objects import annotated
from torpor.link import Policy
from torpor.words import PageMode, Visitor

DEFAULTS = Defaults(idle_timeout=120.0, policy=Policy(wake_timeout=30.0, hold=5.0))


def read(**annotations: str) -> tuple[AppSettings, tuple[Bad, ...]]:
    return read_annotations(annotated(**annotations), "shop", DEFAULTS)


def test_without_annotations_the_defaults_hold() -> None:
    settings, bad = read()
    assert settings == AppSettings(120.0, DEFAULTS.policy)
    assert bad == ()


def test_all_of_them_are_read() -> None:
    settings, bad = read(
        idle_timeout="1h30m",
        wake_timeout="2m",
        hold="0",
        page="always",
        page_log="true",
        ready_path="/healthz?full=1",
        needs="db, other/cache db",
        keep_awake="Mon-Fri 08:00-18:00 Europe/Berlin;  10:00-12:00 UTC",
        wake_for="person,program",
        hosts="A.example, *.b.example/docs/",
        replicas="3",
        last_access="2026-01-01T00:00:00Z",
        phase="asleep",
    )
    assert bad == ()
    assert settings.idle_timeout == 5400
    assert (settings.policy.wake_timeout, settings.policy.hold) == (120, 0)
    assert settings.policy.page is PageMode.ALWAYS
    assert settings.policy.page_log
    assert settings.policy.wake_for == (Visitor.PERSON, Visitor.PROGRAM)
    assert settings.ready_path == "/healthz?full=1"
    assert settings.needs == ("shop/db", "other/cache")
    assert settings.keep_awake.written == "Mon-Fri 08:00-18:00 Europe/Berlin; 10:00-12:00 UTC"
    assert settings.hosts == ("a.example", "*.b.example/docs")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("idle_timeout", "soon", "allowed is a number of seconds or a duration"),
        ("idle_timeout", "-5s", "allowed is"),
        ("wake_timeout", "2h", "allowed is up to 1h"),
        ("hold", "x" * 300, "is 300 characters long; allowed are 256"),
        ("page", "maybe", "allowed are auto, always, never"),
        ("page_log", "yes", "allowed are true and false"),
        ("ready_path", "healthz", "allowed is such as /healthz"),
        ("ready_path", "/a\r\nHost: b", "is not a path"),
        ("needs", "Not A Name", "allowed are"),
        ("needs", "a/b/c", "NAMESPACE/NAME"),
        ("needs", "/b", "NAMESPACE/NAME"),
        ("keep_awake", "always", "such as Mon-Fri 08:00-18:00 Europe/Berlin"),
        ("keep_awake", "Mon-Fri 25:00-26:00 UTC", "allowed are"),
        ("keep_awake", "Mon-Fri 08:00-18:00 Europe/Bonn", "'Europe/Bonn' is not a time zone"),
        ("wake_for", "everybody", "person, automated-browser, program, crawler, monitor"),
        ("wake_for", "", "allowed are"),
        ("hosts", "a b_!", "is not a route"),
        ("hosts", " ".join(["a.example"] * 201), "names 201 hosts; allowed are 200"),
        ("hosts", "=a.example", "is not a route"),
        ("replica", "3", f"allowed are {', '.join(ALLOWED)}"),
    ],
)
def test_a_bad_value_is_told_with_what_is_allowed_and_the_default_holds(name: str, value: str, said: str) -> None:
    settings, bad = read(**{name: value})
    assert settings == AppSettings(120.0, DEFAULTS.policy)
    assert [one.annotation for one in bad] == [f"torpor.dev/{name.replace('_', '-')}"]
    assert said in bad[0].message


@given(st.dictionaries(st.sampled_from(ALLOWED) | st.text(max_size=10), st.text(max_size=40)))
def test_any_annotations_are_read_and_nothing_is_repeated_at_length(annotations: dict[str, str]) -> None:
    written = {f"torpor.dev/{name}": value * 50 for name, value in annotations.items()}
    _, bad = read_annotations(written, "shop", DEFAULTS)
    assert all(len(one.message) < 3000 for one in bad)
    assert len(bad) <= len(ALLOWED) + 10
