"""What users read in the list of profiles."""

from __future__ import annotations

from tests import yaml_files
from tests.deploy.support import deployed, small


def test_a_size_that_is_no_choice_is_told() -> None:
    entries = yaml_files.load(deployed(small("{}"))["deploy/jupyterhub/values.yaml"])["singleuser"][
        "profileList"
    ]
    assert [item.get("description") for item in entries] == [None, "GPU"]
    described = small("profiles: {gpu: {description: For training}}")
    entries = yaml_files.load(deployed(described)["deploy/jupyterhub/values.yaml"])["singleuser"][
        "profileList"
    ]
    assert entries[1]["description"] == "For training – GPU"
