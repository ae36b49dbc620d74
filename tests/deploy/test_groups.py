"""The lines of ``hub.extraConfig`` that offer a profile to its groups only, run as the chart runs them."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import yaml

from tests.deploy.support import deployed, reference, small

if TYPE_CHECKING:
    import pytest


def offered(values: dict[str, Any], groups: list[str], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the code as the hub does: ``z2jh.get_config`` reads the values, ``c`` takes the configuration."""
    z2jh = ModuleType("z2jh")
    z2jh.get_config = lambda path: values["singleuser"][path.rpartition(".")[2]]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    config = SimpleNamespace(KubeSpawner=SimpleNamespace())
    exec(values["hub"]["extraConfig"]["image-matrix-groups"], {"c": config})  # noqa: S102 - what the hub does
    user = SimpleNamespace(groups=[SimpleNamespace(name=name) for name in groups])
    return [item["slug"] for item in config.KubeSpawner.profile_list(SimpleNamespace(user=user))]


def test_members_only(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = small("profiles: {gpu: {groups: [research, teaching]}}")
    values = yaml.safe_load(deployed(loaded)["deploy/jupyterhub/values.yaml"])
    assert offered(values, [], monkeypatch) == ["data-science"]
    assert offered(values, ["finance"], monkeypatch) == ["data-science"]
    assert offered(values, ["teaching"], monkeypatch) == ["data-science", "gpu"]


def test_without_groups_the_hub_gets_no_code() -> None:
    assert "hub" not in yaml.safe_load(deployed(reference())["deploy/jupyterhub/values.yaml"])
