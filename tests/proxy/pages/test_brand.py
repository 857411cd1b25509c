"""A look of somebody's own: what may stand in the directory, what is told of it, and what visitors get in any case."""

import base64
import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy import pages
from proxy.pages.brand import LARGEST, examine, look_of
from proxy.pages.look import Brand, Look, own_look
from proxy.pages.trial import failing
from tests.proxy.pages.samples import HOSTILE, Shape, header, view, visit
from tests.proxy.pages.test_shapes import own_rules

type Put = Callable[..., Path]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><style>a{}</style><path d="M0 0h8v8z"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20_000
OVER_WATCH = "{% extends 'torpor/watch.html' %}"
FOOT = "{% extends 'torpor/base.html' %}{% block after %}<footer>Ask <a href='https://help.example'>us</a></footer>"
FOOT += "{% endblock %}"


def waking(inside: str) -> str:
    return f"{OVER_WATCH}{{% block waking %}}\n{inside}{{% endblock %}}"


def before(inside: str) -> str:
    return f"{FOOT}{{% block before %}}{inside}{{% endblock %}}"


@pytest.fixture
def put(tmp_path: Path) -> Put:
    def _put(name: str, content: str | bytes) -> Path:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path

    return _put


def mistakes(directory: Path) -> str:
    look, found = examine(directory)
    assert look is None
    assert found
    return "\n".join(found).replace(f"{directory}/", "")


def used(directory: Path) -> Look:
    look, found = examine(directory)
    assert found == []
    assert look is not None
    return look


def test_torpors_own_look_does() -> None:
    assert failing(own_look()) == []


def test_a_style_comes_after_ours_and_is_allowed(put: Put) -> None:
    answer = pages.waiting(view(), 0, used(put("style.css", ":root{--accent:#b00}")))
    assert b"--accent:#b00}</style>" in answer.body
    assert own_rules(answer)


def test_a_logo_stands_for_the_moon_and_is_in_the_page(put: Put) -> None:
    look = used(put("logo.svg", SVG))
    url = f"data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"
    for answer in (pages.waiting(view(), 0, look), pages.unknown_host(visit(), look)):
        assert f'<img id="logo" src="{url}" alt="">'.encode() in answer.body
        assert b'<path d="M21 4' not in answer.body
        assert "img-src data:" in (header(answer, "Content-Security-Policy") or "")


def test_a_logo_may_be_a_picture(put: Put) -> None:
    assert b"data:image/png;base64,iVBORw0K" in pages.waiting(view(), 0, used(put("logo.png", PNG))).body


def test_a_template_stands_over_ours(put: Put) -> None:
    look = used(put("base.html", FOOT))
    for answer in (pages.waiting(view(), 0, look), pages.full(visit(), view(), look)):
        assert b"</main>\n<" in answer.body
        assert b"https://help.example" in answer.body
        assert own_rules(answer)


def test_words_are_escaped_in_templates_of_ones_own_too(put: Put) -> None:
    look = used(
        put(
            "watch.html",
            f"{OVER_WATCH}{{% block waking %}}<b title='{{{{ stage }}}}'>{{{{ name }}}}</b>{{% endblock %}}",
        )
    )
    plain, hostile = (Shape(pages.waiting(view(id=word, stage=word), 0, look)) for word in ("notes", HOSTILE))
    assert plain.elements == hostile.elements


def test_a_mounted_config_map_is_a_brand(tmp_path: Path) -> None:
    data = tmp_path / "..2026_11_23"
    data.mkdir()
    (data / "style.css").write_text("a{color:red}")
    (tmp_path / "..data").symlink_to(data)
    (tmp_path / "style.css").symlink_to(tmp_path / "..data" / "style.css")
    assert "a{color:red}" in used(tmp_path).style


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("watch.html", waking("{{ nobody }}"), "watch.html:2: 'nobody' is undefined"),
        ("watch.html", "a\n{% if %}", "watch.html:2: Expected an expression"),
        ("base.html", "\n{% block after %", "base.html:2: "),
        ("base.html", "{% extends 'base.html' %}", "base.html:1: it extends itself; Torpor's own is"),
        ("base.html", "{% include 'menu.html' %}", "base.html:1: there is no template 'menu.html'"),
        ("watch.html", waking("{{ name|safe }}"), "watch.html: a word from outside"),
        ("watch.html", waking("<i title={{ name }}></i>"), "watch.html: a word from"),
        ("notice.html", "<title></title>{% autoescape false %}{{ what }}{% endautoescape %}", "a word from"),
        ("notice.html", "<title></title>{{ ''.__class__ }}", "is unsafe"),
        ("notice.html", "<title></title>{% for one in range(10**9) %}{% endfor %}", "Range too big"),
        ("notice.html", "<title></title>{% for one in range(70000) %}ab{% endfor %}", "the page has 140"),
        ("notice.html", "<p>{{ what }}</p>", "there is no <title>"),
        ("watch.html", OVER_WATCH + "{% block head %}{% endblock %}", 'http-equiv="refresh"'),
        ("watch.html", "<title>x</title>{{ name }}", "one element for each id: watch, what, waking, bar,"),
        ("watch.html", "<title>x</title><p id='watch'>", "has no data-phase, data-name"),
        ("watch.html", "<title>x</title>", "<script>{{ script }}</script> is missing"),
        ("base.html", before("<script>alert(1)</script>"), "a <script> of its own"),
        ("base.html", before("<style>a{}</style>"), "a <style> of its own"),
        ("base.html", before("<p style='top:0' onclick='x()'>"), "<p style=…> has no effect"),
        ("base.html", before("<img src='//cdn.example/a'>"), "pages load nothing"),
        ("base.html", before("<link href='/a.css'>"), "pages load nothing"),
        ("style.css", "a{}\nb{background:url( '/a.png')}", "style.css: line 2: "),
        ("style.css", "@import 'a.css';", "style.css: line 1: '@import' leads elsewhere"),
        ("style.css", "</style><b>", "leads elsewhere"),
        ("style.css", b"\xff\xfe", "style.css: 'utf-8' codec"),
        ("style.css", "a" * (LARGEST + 1), "style.css: it is larger than 32 KiB"),
        ("logo.svg", "<svg/>", "logo.svg: it has no <svg xmlns="),
        ("logo.png", SVG, "logo.png: it is no PNG image"),
        ("README.md", "", "there is none of style.css, logo.svg"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(put: Put, name: str, content: str | bytes, told: str) -> None:
    assert told in mistakes(put(name, content))


def test_all_mistakes_are_told_at_once(put: Put) -> None:
    put("logo.svg", "no")
    assert len(mistakes(put("style.css", "@import")).splitlines()) == 2


def test_two_logos_are_one_too_many(put: Put) -> None:
    put("logo.svg", SVG)
    assert "more than one logo: logo.png, logo.svg" in mistakes(put("logo.png", PNG))


def test_a_brand_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert "No such file or directory" in mistakes(tmp_path / "nowhere")


def test_a_brand_that_cannot_be_used_is_logged_and_ours_is_shown(put: Put, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        look = look_of(put("style.css", "@import"))
    assert look is own_look()
    assert "style.css: line 1" in caplog.text
    assert "pages look like Torpor's own" in caplog.text


def test_no_brand_is_ours(caplog: pytest.LogCaptureFixture) -> None:
    assert look_of(None) is own_look()
    assert caplog.text == ""


def test_a_template_that_fails_for_some_visitors_never_fails_them(caplog: pytest.LogCaptureFixture) -> None:
    text = "{% extends 'torpor/watch.html' %}{% block waking %}{{ 1 // (name|length - 4) }}{% endblock %}"
    look = Look(Brand({"watch.html": (text, "watch.html")}))
    ours, theirs = (pages.waiting(view(id=name), 0, look) for name in ("four", "notes"))
    assert b"It slept because" in ours.body
    assert own_rules(ours)
    assert b"<p>1</p>" in theirs.body
    pages.waiting(view(id="four"), 0, look)
    assert len([record for record in caplog.records if "watch.html does not do for every page" in record.message]) == 1
