"""The lines of ``hub.extraConfig``: groups and former names, run as the chart runs them."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests import yaml_files
from tests.deploy.support import deployed, reference, small


def asked(values: dict[str, Any], spawner: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Run the code as the hub does: ``z2jh.get_config`` reads the values, ``c`` takes the configuration."""
    z2jh = ModuleType("z2jh")
    z2jh.get_config = lambda path: values["singleuser"][path.rpartition(".")[2]]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "z2jh", z2jh)
    config = SimpleNamespace(KubeSpawner=SimpleNamespace())
    exec(values["hub"]["extraConfig"]["image-matrix-profiles"], {"c": config})  # noqa: S102 - what the hub does
    return [item["slug"] for item in config.KubeSpawner.profile_list(spawner)]


def someone(*groups: str, saved: dict[str, Any] | None = None, pending: str | None = None) -> SimpleNamespace:
    """A user's spawner, as it is asked for a form, or where ``spawn`` is pending, for a server."""
    user = SimpleNamespace(groups=[SimpleNamespace(name=name) for name in groups])
    return SimpleNamespace(user=user, user_options=saved, pending=pending)


def test_members_only(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = small("profiles: {gpu: {groups: [research, teaching]}}")
    values = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    assert asked(values, someone(), monkeypatch) == ["data-science"]
    assert asked(values, someone("finance"), monkeypatch) == ["data-science"]
    assert asked(values, someone("teaching"), monkeypatch) == ["data-science", "gpu"]


RENAMED = """
profiles:
  data-science:
    aliases: [scipy, Data_Science]
    retired:
      images: {"02-R": jupyter-scipy-python3-11}
      sizes: {medium: large}
"""


@pytest.mark.parametrize(
    ("saved", "found"),
    [
        ({"profile": "scipy"}, {"profile": "data-science"}),
        ({"profile": "Data_Science"}, {"profile": "data-science"}),
        (
            {"profile": "scipy", "image": "02-R", "size": "medium"},
            {"profile": "data-science", "image": "jupyter-scipy-python3-11", "size": "large"},
        ),
        ({"profile": "data-science", "size": "medium"}, {"profile": "data-science", "size": "large"}),
        ({"profile": "gpu", "size": "medium"}, {"profile": "gpu", "size": "medium"}),
        ({"profile": "never-there", "image": "x"}, {"profile": "never-there", "image": "x"}),
        ({}, {}),
    ],
)  # fmt: skip
def test_saved_choices_get_their_present_names(
    saved: dict[str, str], found: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    values = yaml_files.load(deployed(small(RENAMED))["deploy/hub/jupyterhub/values.yaml"])
    user = someone(saved=dict(saved))
    stored = user.user_options
    assert asked(values, user, monkeypatch) == ["data-science", "gpu"]
    assert user.user_options == found
    assert stored == saved  # what the hub has in its database is its own


def test_what_is_offered_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    values = yaml_files.load(deployed(small(RENAMED))["deploy/hub/jupyterhub/values.yaml"])
    for chosen in ({}, {"profile": "scipy", "image": "02-R", "size": "medium"}, {"profile": "gpu"}):
        spawner = someone(saved=dict(chosen), pending="spawn")
        assert asked(values, spawner, monkeypatch) == ["data-science", "gpu"]


def test_the_hub_gets_the_code_that_the_profiles_need() -> None:
    def names(text: str) -> set[str]:
        return set(yaml_files.load(text).get("hub", {}).get("extraConfig", {}))

    path = "deploy/hub/jupyterhub/values.yaml"
    ordered = "profiles: {data-science: {sizes: [large, small]}}"  # as Helm has them
    assert names(deployed(small(ordered))[path]) == set()
    assert names(deployed(small())[path]) == {"image-matrix-profiles"}
    both = {"image-matrix-profiles", "zz-image-matrix-lists"}
    assert names(deployed(reference())[path]) == both  # it has shared memory
    assert names(deployed(small(ordered, "profiles: {gpu: {groups: [a]}}"))[path]) == {
        "image-matrix-profiles"
    }
