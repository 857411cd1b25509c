"""Where nothing may ever be applied."""

import pytest

from torpor.config import ConfigError, parse_settings


@pytest.mark.parametrize(
    ("kubernetes", "words"),
    [
        ("{apply: {namespaces: [review, torpor]}}", "'torpor' is not allowed: .* the rights of Torpor itself"),
        ("{namespace: a, apply: {namespaces: [a]}}", "'a' is not allowed: .* the rights of Torpor itself"),
        ("{proxies: [edge/torpor-proxy], apply: {namespaces: [edge]}}", "'edge' is not allowed: .* Torpor itself"),
        ("{apply: {namespaces: [kube-system]}}", "'kube-system' is not allowed: .* the rights of the cluster itself"),
    ],
)
def test_nothing_is_applied_where_pods_could_become_torpor_or_the_cluster(kubernetes: str, words: str) -> None:
    with pytest.raises(ConfigError, match=rf"torpor.yaml:1: kubernetes.apply.namespaces.\d: {words}"):
        parse_settings(f"kubernetes: {kubernetes}")


def test_elsewhere_it_is() -> None:
    settings = parse_settings("kubernetes: {apply: {namespaces: [review, torpor-apps]}}")
    assert settings.kubernetes is not None
    assert settings.kubernetes.apply.namespaces == ("review", "torpor-apps")
