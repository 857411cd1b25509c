"""The README cannot drift: what it should name it names, and what it names exists. For all docs: tests/docs."""

import re

from pydantic import BaseModel

from scaler.api.server import ROUTES
from scaler.metrics import Metrics
from tests.readme_tables import README, ROOT
from torpor import __version__
from torpor.app_settings import AppSettings
from torpor.apply_settings import ApplySettings
from torpor.cli import COMMANDS
from torpor.config import Settings, TlsSettings
from torpor.headroom_settings import HeadroomSettings
from torpor.kubernetes_settings import KubernetesSettings
from torpor.savings_settings import PriceSettings, RequestsSettings

TEXT = README.read_text(encoding="utf-8")
CODE = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", TEXT, re.DOTALL))
"""What stands in backticks: names, not prose."""


def test_every_command_that_is_named_exists() -> None:
    named = set(re.findall(r"\btorpor ([a-z]+)\b", CODE))
    assert named - {"proxy", "scaler"} <= set(COMMANDS)
    assert set(COMMANDS) <= named


def test_every_setting_that_is_named_exists() -> None:
    models: tuple[type[BaseModel], ...] = (Settings, TlsSettings, KubernetesSettings, ApplySettings, HeadroomSettings)
    models += (AppSettings, RequestsSettings, PriceSettings)
    known = {name for model in models for name in model.model_fields}
    named = set(re.findall(r"`([a-z]+(?:_[a-z]+)+)`", TEXT)) | set(re.findall(r"`([a-z_]+): [^`]*`", TEXT))
    assert named <= known | {metric.name for metric in Metrics.describe()}


def test_every_make_target_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    listed = re.search(r"`make help` lists what there is: (.*?)\.", TEXT)
    assert listed is not None
    assert set(re.findall(r"`([a-z]+)`", listed[1])) <= targets
    assert set(re.findall(r"\bmake ([a-z]+)", CODE)) <= targets


def test_the_change_log_knows_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    assert f"## [{__version__}]" in text


def test_every_request_of_the_api_is_told_of() -> None:
    assert all(f"{route}`" in TEXT or f"{route}?" in TEXT for route in ROUTES if route != "/")


def test_every_folder_of_sources_is_told_of() -> None:
    assert all(f"\n{path.parent.name}/ " in TEXT for path in ROOT.glob("*/__init__.py"))
