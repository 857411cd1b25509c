"""Which pods belong to which app."""

from collections.abc import Mapping

from scaler.runtimes.kubernetes.objects.selector import Selector
from scaler.runtimes.kubernetes.owners import Owners
from scaler.runtimes.kubernetes.pods.pod import Pod


class Apps:
    """Those who know the selectors."""

    def __init__(self) -> None:
        self.selectors: dict[str, tuple[str, Selector]] = {}

    def selecting(self, namespace: str, labels: Mapping[str, str], /) -> list[str]:
        return [app for app, (space, one) in self.selectors.items() if space == namespace and one.matches(labels)]

    def put(self, owners: Owners, app: str, /, **labels: str) -> None:
        namespace = app.partition("/")[0]
        self.selectors[app] = (namespace, Selector(labels))
        owners.choose(app, namespace, Selector(labels))

    def drop(self, owners: Owners, app: str) -> None:
        del self.selectors[app]
        owners.choose(app, "", None)


def pod(name: str, namespace: str = "shop", /, **labels: str) -> Pod:
    return Pod(namespace, name, f"uid-of-{name}", labels)


def names(owners: Owners, app: str) -> list[str]:
    return [one.name for one in owners.of(app)]


def test_a_pod_belongs_to_the_app_whose_selector_matches_in_its_namespace() -> None:
    apps = Apps()
    owners = Owners(apps)
    apps.put(owners, "shop/web", app="web")
    apps.put(owners, "other/web", app="web")

    assert owners.put(pod("b", app="web")) == {"shop/web"}
    assert owners.put(pod("a", app="web")) == {"shop/web"}
    assert owners.put(pod("c", app="else")) == set()

    assert names(owners, "shop/web") == ["a", "b"]
    assert names(owners, "other/web") == []


def test_an_app_that_comes_later_finds_the_pods_that_are_there() -> None:
    apps = Apps()
    owners = Owners(apps)
    owners.put(pod("a", app="web"))

    apps.put(owners, "shop/web", app="web")

    assert names(owners, "shop/web") == ["a"]


def test_a_pod_that_is_relabelled_leaves_one_app_for_another() -> None:
    apps = Apps()
    owners = Owners(apps)
    apps.put(owners, "shop/web", app="web")
    apps.put(owners, "shop/api", app="api")
    owners.put(pod("a", app="web"))

    assert owners.put(pod("a", app="api")) == {"shop/web", "shop/api"}

    assert (names(owners, "shop/web"), names(owners, "shop/api")) == ([], ["a"])


def test_an_app_may_choose_anew_and_go() -> None:
    apps = Apps()
    owners = Owners(apps)
    apps.put(owners, "shop/web", app="web")
    owners.put(pod("a", app="web"))
    owners.put(pod("b", app="new"))

    apps.put(owners, "shop/web", app="new")
    assert names(owners, "shop/web") == ["b"]

    apps.drop(owners, "shop/web")
    assert names(owners, "shop/web") == []
    assert owners.remove("shop", "b") == set()


def test_a_pod_that_is_gone_is_gone_and_one_that_never_was_concerns_nobody() -> None:
    apps = Apps()
    owners = Owners(apps)
    apps.put(owners, "shop/web", app="web")
    owners.put(pod("a", app="web"))

    assert owners.remove("shop", "a") == {"shop/web"}
    assert owners.remove("shop", "a") == set()
    assert names(owners, "shop/web") == []
