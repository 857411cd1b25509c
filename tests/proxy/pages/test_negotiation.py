import pytest

from proxy.pages import wants_html
from proxy.visit import Visit


def _visit(accept: str) -> Visit:
    return Visit("notes.localhost", "GET", "/", "127.0.0.1", accept=accept)


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "TEXT/HTML",
        "text/html;charset=utf-8",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",  # Firefox, Safari
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,"
            "application/signed-exchange;v=b3;q=0.7"
        ),  # Chromium
        "text/html, application/json",
        "application/json;q=0.5, text/html;q=0.6",
        "text/*",
        "*/*;q=0.1, text/*;q=0.2",
        "application/xhtml+xml",
        "text/html;q=0.001",
        "text/html ; q=0.9 , application/json ; q = 0.8",
    ],
)
def test_a_page_is_for_those_who_prefer_html(accept: str) -> None:
    assert wants_html(_visit(accept))


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",  # curl, fetch()
        "application/json, text/plain, */*",  # axios
        "application/json",
        "application/problem+json, text/html;q=0.9",
        "text/html;q=0",
        "text/html;q=0, */*",
        "text/*;q=0.9, text/html;q=0",
        "image/avif,image/webp,*/*",
        "text/event-stream",
        "text/html;q=nan",
        "text/html;q=inf",
        "text/html;q=-1",
        "text/html;q=",
        "text/htmlx",
        ",;,;q=1,",
        "application/*;q=0.9, text/html;q=0.8",
    ],
)
def test_data_is_for_everybody_else(accept: str) -> None:
    assert not wants_html(_visit(accept))


def test_a_huge_header_is_read_only_in_part() -> None:
    assert not wants_html(_visit("a/b," * 100_000 + "text/html"))
