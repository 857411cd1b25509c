"""What is said at the door and over the runtime socket cannot be bent by those whom it is about."""

from pathlib import Path

import pytest

from proxy.haproxy.door import _encode
from proxy.visit import Answer
from tests.engines.street import street
from tests.wire import App, request
from torpor.link import Knock

ODD = {
    "words of the door": "a\tforward 6.6.6.6 80 0",
    "letters beyond ascii": "caf\u00e9 \xff\xfe",
    "the escapes of terminals": "\x9b31m",
    "separators": '",;|=<<\\"\'',
    "very long": "x" * 12_000,
    "empty": "",
}


@pytest.mark.parametrize("name", ODD)
async def test_a_question_is_about_what_was_asked_whatever_the_headers_say(state: Path, name: str) -> None:
    odd = ODD[name]
    async with App() as app, street("haproxy", state) as here:
        await here.asleep()
        visitor = await here.visitor()
        others = ("Accept", "Sec-Fetch-Dest", "Purpose", "X-Forwarded-For", "Forwarded") if len(odd) < 100 else ()
        fields = (f"User-Agent: {odd}", *(f"{other}: {odd}" for other in others))
        visitor.send(request("PUT", "/x?y=1", *fields, "Content-Length: 0"))
        await here.until_held(1)
        knock = here.sent[0]
        assert isinstance(knock, Knock)
        assert (knock.app, knock.method, knock.client) == ("app", "PUT", "127.0.0.1")
        assert knock.path in ("/x", "/x?y=1")
        seen = odd.strip().encode("latin-1", "replace").decode("utf-8", "replace")
        assert seen.replace("\t", "?").startswith(knock.user_agent)
        await here.awake(app)
        assert (await visitor.answer()).body == b"hello"
        assert app.asked[0].headers["user-agent"] == odd.strip()


def test_no_header_of_an_answer_can_begin_another_line() -> None:
    answer = Answer(503, [("Torpor-Phase", "asleep\r\nSet-Cookie: a=b"), ("X", "a\nb\x85c")], b"body")
    [said] = _encode(answer)
    head, *fields = said.decode().removesuffix("body").split("\n")[:-1]
    assert head == "answer 503 3 4 Service Unavailable"
    assert fields == ["Torpor-Phase: asleep Set-Cookie: a=b", "X: a b c", "Content-Length: 4"]


@pytest.mark.parametrize("name", ["shop/web", "a b", "x;y", "a|b", "a~", "a=1", "<<", "\u00e4", "quote'\"", "x" * 300])
async def test_an_app_of_any_name_is_found_and_found_again(state: Path, name: str) -> None:
    async with (
        App() as app,
        App(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nb2") as other,
        street("haproxy", state) as here,
    ):
        await here.awake(app, name=name, routes=("odd.localhost",))
        await here.awake(other, name="other")
        for body in (b"hello", b"b2"):
            assert (await here.get("/", "Host: odd.localhost")).body == body
            assert (await here.get("/", "Host: other.localhost")).body == b"b2"
            await here.until_in_flight(0, name)
            assert (await here.work(name)).idle_for is not None
            await here.awake(other, name=name, routes=("odd.localhost",))


PATHS = (
    "/a;b",
    "/a<<b",
    "/it's",
    '/say"no',
    "/a|b",
    "/a@1",
    "/a=b",
    "/~",
    "/a,b",
    "/$(x)",
    "/%20",
    "/a&b",
    "/[x]",
    "/{x}",
)


async def test_a_path_of_any_characters_leads_to_its_app_only(state: Path) -> None:
    async with App() as app, street("haproxy", state) as here:
        for turn in range(2):
            routes = tuple(f"app.localhost{path}" for path in PATHS[turn::2])
            await here.awake(app, routes=routes)
            for at, path in enumerate(PATHS):
                assert (await here.get(f"{path}/x")).status == (200 if at % 2 == turn else 404), path
