"""A review app that nobody uses is deleted with all of its set, and people are told before and when it is."""

import pytest

from tests.cluster.applier.conftest import Deployer, missing
from tests.cluster.applier.test_review_app import asleep
from tests.cluster.rig.until import until
from tests.cluster.torpor.manifests import app
from tests.cluster.torpor.running import SOON
from tests.cluster.torpor.test_life import reasons

pytestmark = pytest.mark.timeout(300)


def test_it_expires_unused_and_not_while_it_is_awake(deployer: Deployer) -> None:
    space, running = deployer.space, deployer.running
    deployer.apply(*app("web", replicas=1, annotations={"expires-in": "6s"}))
    deployer.apply(*app("other", replicas=0), options=("--set", "pr-13"))
    until(lambda: running.app("web")["expires_at"], SOON, "when it expires")
    assert running.app("other")["expires_at"] is None
    assert running.until_visit("web.test", 200)
    asleep(deployer)
    until(lambda: "SetExpires" in reasons(space, "web"), SOON, "the notice")
    until(lambda: missing(space, "deployments", "web"), SOON, "it gone")
    until(lambda: missing(space, "services", "web") and missing(space, "ingresses", "web"), SOON, "all of it gone")
    until(lambda: "SetExpired" in reasons(space, "web"), SOON, "the Event")
    assert "has not been used until" in running.scalers[0].said()
    assert not missing(space, "deployments", "other")
