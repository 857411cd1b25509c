"""The reference in docs/kubernetes.md and configure.md cannot drift: it names what the code knows, and nothing else."""

import re

from scaler.runtimes.kubernetes.discovery.found import Reason
from scaler.runtimes.kubernetes.objects.annotations import ALLOWED, Defaults, read_annotations
from scaler.runtimes.kubernetes.objects.remembered import WRITTEN
from tests.readme_tables import CONFIGURE, ROOT
from torpor.kubernetes_settings import KubernetesSettings

TEXT = (ROOT / "docs" / "kubernetes.md").read_text(encoding="utf-8")


def rows(heading: str, text: str = TEXT) -> dict[str, str]:
    """The first two columns of the table under a heading."""
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| `?([^|`]+)`? \|", section, re.MULTILINE))


def test_every_reason_is_told_of() -> None:
    assert set(rows("What is reported")) == set(Reason)


def test_every_annotation_is_told_of_and_the_examples_are_fine() -> None:
    examples = rows("Annotations", CONFIGURE.read_text(encoding="utf-8"))
    assert set(examples) == {f"torpor.dev/{name}" for name in ALLOWED}
    assert read_annotations(examples, "shop", Defaults())[1] == ()


def test_what_torpor_writes_is_told_of() -> None:
    assert all(f"`{name}`" in TEXT for name in WRITTEN)


def test_every_setting_that_is_named_exists() -> None:
    assert set(re.findall(r"`kubernetes\.([a-z_]+)`", TEXT)) <= set(KubernetesSettings.model_fields)
