"""The commands through the API server of a cluster."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.torpor.cli.command import Torpor, ended
from tests.torpor.cli.fake_api import app, done, event, line, told
from tests.torpor.cli.fake_api_server import FakeApiServer


@pytest.fixture
def there(torpor: Torpor, api_server: FakeApiServer) -> Torpor:
    torpor.env["KUBECONFIG"] = api_server.kubeconfig()
    api_server.torpor.apps = [app("shop/web"), app("shop/db", "awake")]
    return torpor


async def test_apps_are_listed_without_any_option(there: Torpor, api_server: FakeApiServer) -> None:
    ended = await there("apps")
    assert (ended.code, ended.err) == (0, "")
    assert "shop/web" in ended.out
    assert api_server.torpor.asked == ["GET /v1/apps"]
    assert api_server.torpor.tokens == [""]


@pytest.mark.parametrize("kind", ["certificate", "helper"])
async def test_whoever_the_kubeconfig_says_asks(there: Torpor, api_server: FakeApiServer, kind: str) -> None:
    api_server.kubeconfig(user=getattr(api_server, kind)())
    ended = await there("apps")
    assert (ended.code, ended.err) == (0, "")


async def test_the_token_of_torpor_travels_beside_the_cluster_s(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.torpor.answers["POST /v1/apps/shop/db/sleep"] = (200, app("shop/db"))
    ended = await there("sleep", "shop/db", TORPOR_TOKEN="a-token-of-torpor")
    assert (ended.code, ended.out) == (0, "shop/db is asleep.\n")
    assert api_server.torpor.tokens == ["a-token-of-torpor"]


async def test_manifests_and_the_name_of_a_set_go_through(there: Torpor, api_server: FakeApiServer) -> None:
    torpor, text = api_server.torpor, "kind: Service\nmetadata: {name: ü}\n"
    (there.directory / "review.yaml").write_text(text)
    torpor.full = 1  # once more, then
    torpor.answers["POST /v1/apply"] = (200, told("created services web", objects=[done("web", "created")]))
    torpor.answers["DELETE /v1/sets/review/pr-1"] = (200, told(pruned=[done("web", "deleted")]))
    applied = await there(
        "apply", "-f", "review.yaml", "--set", "pr-1", "--kubernetes", TORPOR_TOKEN="a-token-of-torpor"
    )
    assert (applied.code, applied.out) == (0, "services web: created\n"), applied.err
    deleted = await there("delete", "review/pr-1", "--kubernetes")
    assert (deleted.code, deleted.out) == (0, "services web: deleted\n"), deleted.err
    assert (torpor.bodies, torpor.tokens) == ([text] * 2, [*["a-token-of-torpor"] * 2, ""])


async def test_a_wake_shows_its_progress(there: Torpor, api_server: FakeApiServer) -> None:
    torpor = api_server.torpor
    torpor.stages = ["the pod is scheduled", "the image is pulled"]
    torpor.answers["POST /v1/apps/shop/web/wake"] = (200, app("shop/web", "awake"))
    waking = await there.start("wake", "shop/web")
    assert waking.stderr is not None
    said = [await waking.stderr.readline() for _ in range(3)]
    assert b"".join(said).decode().splitlines() == ["waking shop/web", *torpor.stages]
    torpor.release.set()
    out, err = await waking.communicate()
    assert (waking.returncode, err) == (0, b"")
    assert out.startswith(b"shop/web is awake after ")


async def test_events_are_followed_to_the_end(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.torpor.events = [event("shop/web", "is awake"), event("shop/web", "fell asleep é\u2028")]
    ended = await there("events")
    assert ended.code == 0
    assert [line.split(" ", 1)[1] for line in ended.out.splitlines()] == [
        "shop/web is awake",
        "shop/web fell asleep é\\u2028",
    ]
    assert "the stream has ended" in ended.err


async def test_logs_are_printed(there: Torpor, api_server: FakeApiServer) -> None:
    said = line(1, "listening", pod="web-1")
    api_server.torpor.answers["GET /v1/apps/shop/web/logs"] = (200, f"{json.dumps(said)}\n")
    assert (await there("logs", "shop/web", "-n", "5", TORPOR_TOKEN="a token")).out == "web-1 app: listening\n"
    assert api_server.torpor.asked == ["GET /v1/apps/shop/web/logs?lines=5"]
    assert api_server.torpor.tokens == ["a token"]


async def test_logs_are_followed_over_a_lost_connection(there: Torpor, api_server: FakeApiServer) -> None:
    one, two = line(1, "one", pod="web-1"), line(2, "two", pod="web-1")
    api_server.torpor.logs = [[{"now": "2026-01-02T03:04:00Z"}, one], [{"now": "2026-01-02T03:04:09Z"}, one, two]]
    following = await there.start("logs", "-f", "shop/web")
    assert following.stdout is not None
    assert [await following.stdout.readline() for _ in range(2)] == [b"web-1 app: one\n", b"web-1 app: two\n"]
    following.send_signal(signal.SIGINT)
    end = await ended(following)
    assert (end.code, end.out) == (0, "")
    assert "asking again" in end.err
    assert end.err.endswith("torpor: connected again\n")


async def test_another_service_and_another_context_can_be_named(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.serve("tools", "sleepy")
    assert (await there("apps", "--service", "tools/sleepy", "--context", "test")).code == 0
    assert (await there("apps", TORPOR_SERVICE="tools/sleepy")).code == 0
    ended = await there("apps", "--context", "other")
    assert ended.code == 1
    assert "other" in ended.err


@pytest.mark.parametrize(
    ("status", "said", "words"),
    [
        (404, {"message": 'services "torpor-scaler" not found'}, "there is no Service torpor-scaler in the namespace"),
        (403, {"message": 'User "me" cannot get resource'}, "it takes get (to look) and create (to wake"),
        (503, {"message": "no endpoints available for service"}, "no scaler is ready behind the Service torpor/torpor"),
        (503, {"message": "error trying to reach service: dial tcp"}, "the API server could not ask torpor/torpor-sc"),
    ],
)
@pytest.mark.parametrize("command", [["apps"], ["events"]])
async def test_why_the_api_server_does_not_pass_it_on_is_told(
    there: Torpor, api_server: FakeApiServer, status: int, said: dict[str, Any], words: str, command: list[str]
) -> None:
    api_server.refused = (status, said)
    ended = await there(*command)
    assert ended.code == 1
    assert words in ended.err
    assert "Traceback" not in ended.err


async def test_credentials_that_are_refused_are_told(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.kubeconfig(user={"token": "wrong"})
    ended = await there("apps")
    assert ended.code == 1
    assert "does not take the kubeconfig's credentials" in ended.err


async def test_what_torpor_refuses_is_told_with_who_was_asked(there: Torpor, api_server: FakeApiServer) -> None:
    api_server.torpor.answers["POST /v1/apps/notes/sleep"] = (404, {"detail": "There is no app 'notes'."})
    ended = await there("sleep", "notes")
    asked = "(the kubeconfig's cluster was asked, for no Torpor is at http://127.0.0.1:8081)"
    assert ended.err == f"torpor: There is no app 'notes'. {asked}\n"


async def test_a_cluster_that_is_not_there_is_told(torpor: Torpor, api_server: FakeApiServer) -> None:
    api_server.url = "https://localhost:9"
    ended = await torpor("apps", "--kubernetes", KUBECONFIG=api_server.kubeconfig())
    assert ended.code == 1
    assert "https://localhost:9 cannot be reached" in ended.err


async def test_a_server_that_nobody_vouches_for_is_not_asked(torpor: Torpor, api_server: FakeApiServer) -> None:
    clusters = [{"name": "here", "cluster": {"server": api_server.url}}]
    ended = await torpor("apps", KUBECONFIG=api_server.kubeconfig(clusters=clusters))
    assert ended.code == 1
    assert "certificate verify failed" in ended.err
    assert api_server.asked == []


async def test_names_are_completed(there: Torpor) -> None:
    ended = await there(COMP_WORDS="torpor wake shop/w", COMP_CWORD="2", _TORPOR_COMPLETE="bash_complete")
    assert (ended.out, ended.err) == ("plain,shop/web\n", "")


async def test_contexts_are_completed(there: Torpor, tmp_path: Path) -> None:
    words = {"COMP_WORDS": "torpor apps --context t", "COMP_CWORD": "3", "_TORPOR_COMPLETE": "bash_complete"}
    assert (await there(**words)).out == "plain,test\n"
    for broken in ("[", "contexts: 7", "7", "contexts: [{}]"):
        (tmp_path / "kubeconfig").write_text(broken)
        ended = await there(**words)
        assert (ended.out.strip(), ended.err) == ("", "")
