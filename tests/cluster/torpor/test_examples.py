"""The manifests that people start from: the API server takes them, and so do Torpor's commands and each other."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
import pytest
import yaml

from tests.cluster.rig.space import Space
from tests.cluster.torpor.running import RBAC
from torpor.cli import cli
from torpor.cli.where import DEFAULT_SERVICE
from torpor.config import parse_settings
from torpor.kubernetes_settings import KubernetesSettings

TORPOR = RBAC.with_name("torpor.yaml")
HELLO = RBAC.parent / "hello" / "hello.yaml"
POD_IP = "10.244.0.7"

type Tree = dict[str, Any]


@pytest.mark.parametrize("file", [TORPOR, HELLO], ids=lambda file: file.stem)
def test_an_api_server_takes_all_of_it(namespace: Space, file: Path) -> None:
    text = file.read_text().replace("namespace: torpor\n", f"namespace: {namespace.name}\n")
    said = namespace.cluster.kubectl(
        *("apply", "--dry-run=server", "--validate=strict", "--namespace", namespace.name, "-f", "-"), told=text
    )
    assert len(said.splitlines()) == len(list(yaml.safe_load_all(text)))
    assert "Warning" not in said


def test_the_commands_take_their_arguments() -> None:
    scaler, proxy = parsed("torpor-scaler"), parsed("torpor-proxy")
    (settings,) = container("torpor-scaler")["volumeMounts"]
    assert str(scaler["file"]) == f"{settings['mountPath']}/torpor.yaml"
    assert scaler["advertise"] == (POD_IP, parsed_settings().api[1])
    assert proxy["engine"] == "haproxy"
    assert proxy["listen"] == ("0.0.0.0", container("torpor-proxy")["ports"][0]["containerPort"])


def test_the_settings_are_settings_of_a_cluster_and_know_who_is_who() -> None:
    settings = parsed_settings()
    assert settings.kubernetes is not None
    assert settings.kubernetes.namespace == "torpor"
    assert settings.kubernetes.proxies == (f"torpor/{pod('torpor-proxy')['serviceAccountName']}",)
    assert settings.kubernetes.ingress_classes == (found("IngressClass", "torpor")["metadata"]["name"],)
    assert settings.kubernetes == KubernetesSettings()
    assert settings.api[1] == container("torpor-scaler")["ports"][0]["containerPort"]


def test_the_accounts_are_those_that_have_the_rights() -> None:
    accounts = {
        one["metadata"]["name"] for one in yaml.safe_load_all(RBAC.read_text()) if one["kind"] == "ServiceAccount"
    }
    assert accounts == {pod("torpor-scaler")["serviceAccountName"], pod("torpor-proxy")["serviceAccountName"]}


def test_people_and_proxies_find_the_scalers() -> None:
    people = found("Service", DEFAULT_SERVICE.removeprefix("torpor/"))
    (link,) = map(urlsplit, parsed("torpor-proxy")["links"])
    proxies = found("Service", str(link.hostname))
    assert proxies["spec"]["clusterIP"] == "None"
    for service in (people, proxies):
        (port,) = service["spec"]["ports"]
        assert (port["name"], port["port"]) == ("api", link.port)
        assert service["spec"]["selector"] == found("Deployment", "torpor-scaler")["spec"]["selector"]["matchLabels"]


def test_a_proxy_that_goes_has_the_time_to_drain() -> None:
    waits = float(container("torpor-proxy")["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod("torpor-proxy")["terminationGracePeriodSeconds"] > waits + parsed("torpor-proxy")["drain_timeout"]


def test_a_proxy_has_its_token_and_a_state_directory_that_nobody_can_replace() -> None:
    proxy = parsed("torpor-proxy")
    mounts = {one["mountPath"]: one["name"] for one in container("torpor-proxy")["volumeMounts"]}
    volumes = {one["name"]: one for one in pod("torpor-proxy")["volumes"]}
    (source,) = volumes[mounts[str(proxy["link_token_file"].parent)]]["projected"]["sources"]
    assert source["serviceAccountToken"]["path"] == proxy["link_token_file"].name
    # The others are open to everybody without the sticky bit, which the engine refuses.
    assert volumes[mounts[str(proxy["state_directory"].parent)]]["emptyDir"]["medium"] == "Memory"


@pytest.mark.parametrize("name", ["torpor-scaler", "torpor-proxy"])
def test_a_pod_may_do_no_more_than_it_has_to(name: str) -> None:
    assert pod(name)["securityContext"]["runAsNonRoot"] is True
    assert pod(name)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container(name)["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def found(kind: str, name: str) -> Tree:
    """An object of torpor.yaml."""
    documents: list[Tree] = list(yaml.safe_load_all(TORPOR.read_text()))
    (one,) = (one for one in documents if (one["kind"], one["metadata"]["name"]) == (kind, name))
    return one


def pod(name: str) -> Tree:
    """What a Deployment's pods are to be."""
    spec: Tree = found("Deployment", name)["spec"]["template"]["spec"]
    return spec


def container(name: str) -> Tree:
    """A Deployment's only container."""
    (one,) = pod(name)["containers"]
    return dict(one)


def parsed(name: str) -> Tree:
    """What a Deployment's command makes of its arguments. Raises click.UsageError."""
    name, *arguments = (text.replace("$(POD_IP)", POD_IP) for text in container(name)["args"])
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command.make_context(name, arguments).params


def parsed_settings() -> Any:
    """Of the ConfigMap."""
    return parse_settings(found("ConfigMap", "torpor")["data"]["torpor.yaml"])
