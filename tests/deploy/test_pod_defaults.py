"""What a profile sets in pods, for the form of Kubeflow Notebooks 1."""

from __future__ import annotations

import re
from typing import Any

from tests import yaml_files
from tests.deploy.support import deployed, small
from tests.deploy.test_spawner_ui import FORM, form
from tests.deploy.test_workspace_kind import CA, CA_MOUNT, CLOSED_NETWORK

PATH = "deploy/kubeflow/kubeflow/notebooks-1/pod-defaults/poddefaults.yaml"
VARIABLES = """
profiles:
  data-science: {env: {TEAM: science, JSON: '{{"a": 1}}', HOME_OF: "/home/{username}"}}
  gpu: {env: {TEAM: ml}, groups: [research]}
"""


def rendered(*overlays: str) -> list[dict[str, Any]]:
    return list(yaml_files.load_all(deployed(small(*overlays))[PATH]))


def test_variables_are_configurations() -> None:
    (pod_default,) = rendered(VARIABLES)
    assert pod_default["apiVersion"] == "kubeflow.org/v1alpha1"
    spec = pod_default["spec"]
    assert spec["env"] == [{"name": "TEAM", "value": "science"}, {"name": "JSON", "value": '{"a": 1}'}]
    assert spec["desc"] == "Data science: sets TEAM, JSON"
    assert spec["selector"] == {"matchLabels": {"image-matrix/data-science": "true"}}


def test_those_of_the_default_profile_are_preselected() -> None:
    assert form(VARIABLES)["configurations"]["value"] == ["image-matrix/data-science"]
    assert form()["configurations"]["value"] == []


def test_without_variables_there_are_none() -> None:
    files = deployed(small())
    assert FORM in files
    assert PATH not in files


def test_volumes_that_are_the_same_for_everybody_are_mounted() -> None:
    """Neither a volume of the hub alone, nor one whose name KubeSpawner fills in."""
    pod_default, *_ = rendered(CLOSED_NETWORK)
    spec = pod_default["spec"]
    assert (spec["env"], spec["volumes"], spec["volumeMounts"]) == ([], [CA], [CA_MOUNT])
    assert spec["desc"] == "Data science: mounts /etc/image-matrix/ca"
    assert form(CLOSED_NETWORK)["configurations"]["value"] == ["image-matrix/data-science"]


def test_a_long_name_fits_the_annotation_of_the_webhook() -> None:
    """The webhook writes `poddefault-NAME`, of which Kubernetes takes 63 characters."""
    long = "a-profile-with-a-name-that-goes-on-and-on-for-a-long-while"
    names = [
        item["metadata"]["name"]
        for item in rendered(
            *(
                f"profiles: {{{long}{end}: {{display_name: A, images: [jupyter], sizes: [small], env: {{A: b}}}}}}"
                for end in ("", "-more")
            )
        )
    ]
    assert len(set(names)) == 2
    assert all(len(f"poddefault-{name}") <= 63 and re.fullmatch("[a-z0-9-]+[a-z0-9]", name) for name in names)
