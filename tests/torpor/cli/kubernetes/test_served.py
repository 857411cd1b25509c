"""Whose word it is what is served."""

import pytest

from torpor.cli.kubernetes.served import served
from torpor.kubernetes_settings import KubernetesSettings


def test_a_file_goes_before_the_scaler_and_that_before_the_defaults() -> None:
    file = KubernetesSettings(ingress_classes=("file",), ingress_without_class=True, namespaces=("shop",))
    info = {"kubernetes": KubernetesSettings(ingress_classes=("scaler",), gateways=("a/b",)).model_dump(mode="json")}
    assert str(served(file, info)) == (
        "torpor.yaml says what is served: Ingresses of class file and those without a class; "
        "Gateways: all of class torpor; in shop alone"
    )
    assert str(served(None, info)) == (
        "the scaler says what is served: Ingresses of class scaler; Gateways: a/b, all of class torpor"
    )
    assert served(None, {}).serve.ingress_classes == {"torpor"}


@pytest.mark.parametrize("said", [None, 7, [], {"ingress_classes": 7}, {"of a later version": True}])
def test_what_cannot_be_understood_counts_as_not_said(said: object) -> None:
    assert str(served(None, {"kubernetes": said})).startswith("nobody says what is served")
