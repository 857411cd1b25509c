"""`torpor config`."""

import json

from pydantic import BaseModel

from tests.torpor.cli.command import Torpor
from torpor.app_settings import AppSettings
from torpor.apply_settings import ApplySettings
from torpor.config import Settings, TlsSettings
from torpor.headroom_settings import HeadroomSettings
from torpor.kubernetes_settings import KubernetesSettings
from torpor.savings_settings import PriceSettings, RequestsSettings


async def test_every_setting_is_printed_with_its_type_default_and_use(torpor: Torpor) -> None:
    found = {one["name"]: one for one in json.loads((await torpor("config", "--json")).out)}
    parts: dict[str, type[BaseModel]] = {"tls": TlsSettings, "kubernetes": KubernetesSettings, "apps.NAME": AppSettings}
    parts |= {"apps.NAME.requests": RequestsSettings, "kubernetes.headroom": HeadroomSettings}
    parts |= {"kubernetes.apply": ApplySettings}
    parts |= {"price": PriceSettings}
    inside = {f"{part}.{name}" for part, model in parts.items() for name in model.model_fields}
    assert found.keys() == {*Settings.model_fields, *inside}
    assert all(one["type"] and one["description"] for one in found.values())
    assert found["listen"]["default"] == "127.0.0.1:8080"
    assert found["idle_timeout"] == {
        "name": "idle_timeout",
        "type": "duration",
        "default": "5m",
        "description": "Default of the apps' `idle_timeout`.",
    }
    assert found["apps.NAME.command"]["default"] == "required"


async def test_it_reads_well(torpor: Torpor) -> None:
    printed = (await torpor("config")).out
    assert "listen  (HOST:PORT, default 127.0.0.1:8080)\n    Where visitors come in." in printed
    assert "apps.NAME.command  (list of text, required)\n" in printed
