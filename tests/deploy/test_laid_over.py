"""Settings of a site over what is generated for Kubeflow."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from image_matrix.project.load import load
from image_matrix.render.kubernetes.laid_over import laid_over
from tests import yaml_files
from tests.deploy.support import PROFILES, deployed, small
from tests.deploy.test_schemas import needs_schemas, schema
from tests.deploy.test_spawner_ui import FORM, form
from tests.deploy.test_workspace_kind import released

UPSTREAM = """
allowCustomImage: true
hideTag: true
cpu: {readOnly: true}
memory: {value: 1.0Gi, limitFactor: none}
image: {options: [registry.example.org/theirs:latest]}
gpus: {value: {vendors: [{limitsKey: amd.com/gpu, uiName: AMD}, {limitsKey: nvidia.com/gpu, uiName: Big}]}}
workspaceVolume:
  value: {newPvc: {spec: {storageClassName: fast, accessModes: [ReadWriteMany], resources: {requests: {storage: 5Gi}}}}}
affinityConfig: {options: [{configKey: alone, displayName: Alone, affinity: {}}]}
configurations: {value: [access-ml-pipeline]}
"""


def site(field: str, text: str) -> str:
    indented = "".join(f"        {line}\n" for line in text.strip().splitlines())
    return f"sites:\n  kubeflow:\n    kubeflow:\n      {field}:\n{indented}"


def test_the_form_of_kubeflow_itself_can_be_said() -> None:
    before, fields = form(), form(site("spawner_ui", UPSTREAM))
    assert (fields["allowCustomImage"], fields["hideTag"]) == (True, True)
    assert fields["cpu"] == {**before["cpu"], "readOnly": True}
    assert fields["memory"] == {"value": "1.0Gi", "limitFactor": "none"}
    assert fields["image"]["value"] == before["image"]["value"]
    assert fields["image"]["options"] == [*before["image"]["options"], "registry.example.org/theirs:latest"]
    named = {item["limitsKey"]: item["uiName"] for item in fields["gpus"]["value"]["vendors"]}
    assert named == {"nvidia.com/gpu": "Big", "amd.com/gpu": "AMD"}
    spec = fields["workspaceVolume"]["value"]["newPvc"]["spec"]
    assert spec == {
        "storageClassName": "fast",
        "accessModes": ["ReadWriteMany"],
        "resources": {"requests": {"storage": "5Gi"}},
    }
    assert fields["workspaceVolume"]["value"]["mount"] == "/home/jovyan"
    assert [item["configKey"] for item in fields["affinityConfig"]["options"]] == ["alone"]
    assert fields["configurations"] == {"value": ["access-ml-pipeline"]}


OF_KINDS: dict[str, Any] = {
    "podTemplate": {
        "podMetadata": {"labels": {"team": "data"}},
        "extraEnv": [{"name": "TEAM", "value": "data"}],
        "extraVolumes": [{"name": "dshm", "emptyDir": {"sizeLimit": "1Gi"}}],
    },
    "activityRules": [
        {
            "config": {"secondsSinceActive": 600},
            "match": {"matchPodConfig": {"selector": {"matchLabels": {"gpu": "1"}}}},
            "effect": {"pauseWorkspace": True},
        }
    ],
    "filterRules": [
        {
            "scope": "WORKSPACE_KIND",
            "match": [{"matchNamespace": {"selector": {"matchLabels": {"tier": "test"}}}}],
            "effect": {"ui": {"hide": True}},
        }
    ],
}


@needs_schemas
def test_kinds_have_the_settings_of_the_site() -> None:
    (before,) = released(deployed(small()))
    (kind,) = released(deployed(small(site("workspace_kind", json.dumps(OF_KINDS)))))
    jsonschema.validate(kind, schema("workspacekind-kubeflow-v1beta1.json"))
    template, was = kind["spec"]["podTemplate"], before["spec"]["podTemplate"]
    assert template["podMetadata"] == {"labels": {"team": "data"}}
    assert [item["name"] for item in template["extraEnv"]] == ["NB_PREFIX", "TEAM"]
    assert template["extraVolumes"] == [
        {"name": "dshm", "emptyDir": {"medium": "Memory", "sizeLimit": "1Gi"}}
    ]
    assert template["options"] == was["options"]
    assert kind["spec"]["activityRules"] == [*OF_KINDS["activityRules"], *before["spec"]["activityRules"]]
    assert kind["spec"]["filterRules"] == [*before["spec"]["filterRules"], *OF_KINDS["filterRules"]]


def test_an_empty_setting_takes_away_what_was_generated() -> None:
    base = (PROFILES / "base.yaml").read_text(encoding="utf-8")
    without = base.replace("{spawner: kubeflow}", "{spawner: kubeflow, kubeflow: {spawner_ui: {shm: null}}}")
    files = deployed(load({"base.yaml": without}, ["base"]))
    assert "shm" in form()
    assert "shm" not in yaml_files.load(files[FORM])["spawnerFormDefaults"]


@pytest.mark.parametrize(
    ("generated", "settings", "expected"),
    [
        ({"a": 1, "b": {"c": 2}}, {"b": {"d": 3}}, {"a": 1, "b": {"c": 2, "d": 3}}),
        ({"a": 1}, {"a": None}, {}),
        ({"a": 1}, {"b": None, "c": {"d": None}}, {"a": 1, "c": {}}),
        ({"a": [1]}, {"a": [2]}, {"a": [2]}),
        ({"options": ["x"]}, {"options": ["x", "y"]}, {"options": ["x", "y"]}),
        ({"a": {"b": 1}}, {"a": "text"}, {"a": "text"}),
    ],
)
def test_how_values_are_laid_over(generated: Any, settings: Any, expected: Any) -> None:
    assert laid_over(generated, settings) == expected
