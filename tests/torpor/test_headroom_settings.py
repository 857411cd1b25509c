import re
from decimal import Decimal
from pathlib import Path

import pytest

from torpor.config import ConfigError, parse_settings
from torpor.headroom_settings import HeadroomSettings, TolerationSettings
from torpor.kubernetes_settings import KubernetesSettings


def test_it_is_off_unless_it_is_asked_for_and_nothing_need_be_said_of_it() -> None:
    assert KubernetesSettings().headroom is None
    settings = parse_settings("kubernetes: {headroom: {}}")
    assert settings.kubernetes is not None
    assert settings.kubernetes.headroom == HeadroomSettings()


def test_amounts_are_numbers_or_have_units() -> None:
    settings = HeadroomSettings.model_validate({"cpu": 1.5, "memory": "512Mi"})
    assert (settings.most_cpu, settings.most_memory) == (Decimal("1.5"), 2**29)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("cpu: much", "kubernetes.headroom.cpu: 'much' is not an amount; allowed is a number"),
        ("count: 0", "kubernetes.headroom.count: 0 is not allowed"),
        ("priority_class: Not A Name", "kubernetes.headroom.priority_class: 'Not A Name' is not allowed"),
        ("size: 1", "unknown setting 'size'; allowed are count, cpu, memory, image, priority_class, node_selector, "),
        ("node_selector: {pool: true}", "kubernetes.headroom.node_selector.pool: True is not allowed"),
        ("tolerations: [{operator: Like}]", "kubernetes.headroom.tolerations.0.operator: 'Like' is not allowed"),
        ("tolerations: [{taint: a}]", "unknown setting 'taint'; allowed are key, operator, value, effect"),
    ],
)
def test_a_mistake_says_where_and_what_is_allowed(written: str, words: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_settings(f"kubernetes:\n  headroom:\n    {written}\n")
    assert words in str(error.value)
    assert "torpor.yaml:3: " in str(error.value)


def test_it_comes_through_json_as_it_was() -> None:
    tolerations = (TolerationSettings(key="pool", operator="Exists"),)
    settings = KubernetesSettings(headroom=HeadroomSettings(cpu="500m", tolerations=tolerations))
    assert KubernetesSettings.model_validate(settings.model_dump(mode="json")) == settings


def test_the_examples_of_the_documentation_turn_it_on() -> None:
    text = (Path(__file__).parents[2] / "docs" / "headroom.md").read_text(encoding="utf-8")
    examples = [parse_settings(one).kubernetes for one in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    assert [example and example.headroom for example in examples] == [
        HeadroomSettings(count=2),
        HeadroomSettings(
            node_selector={"pool": "apps"},
            tolerations=(TolerationSettings(key="pool", operator="Equal", value="apps", effect="NoSchedule"),),
        ),
    ]
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    assert set(re.findall(r"`([a-z_]+)`", " ".join(rows))) == set(HeadroomSettings.model_fields)
