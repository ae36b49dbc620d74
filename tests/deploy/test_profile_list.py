"""What users read in the list of profiles."""

from __future__ import annotations

import pytest

from image_matrix.profiles.devices import taints_of
from tests import yaml_files
from tests.deploy.support import deployed, small


@pytest.mark.parametrize(
    ("device", "keys"),
    [
        ("nvidia.com/gpu", {"nvidia.com/gpu"}),
        ("nvidia.com/mig-1g.10gb", {"nvidia.com/mig-1g.10gb", "nvidia.com/gpu"}),
        ("nvidia.com/gpu.shared", {"nvidia.com/gpu.shared", "nvidia.com/gpu"}),
        ("habana.ai/gaudi", {"habana.ai/gaudi"}),
    ],
)
def test_nodes_with_parts_of_a_device_have_the_taint_of_the_whole(device: str, keys: set[str]) -> None:
    assert set(taints_of(device)) == keys


def test_a_size_is_described_where_a_spawner_shows_it() -> None:
    (entry, _) = yaml_files.load(
        deployed(small("sizes: {small: {description: For a course}}"))["deploy/hub/jupyterhub/values.yaml"]
    )["singleuser"]["profileList"]
    choices = entry["profile_options"]["size"]["choices"].values()
    assert [choice.get("description") for choice in choices].count("For a course") == 1


def test_a_size_that_is_no_choice_is_told() -> None:
    entries = yaml_files.load(deployed(small("{}"))["deploy/hub/jupyterhub/values.yaml"])["singleuser"][
        "profileList"
    ]
    assert [item.get("description") for item in entries] == [None, "GPU"]
    described = small("profiles: {gpu: {description: For training}}")
    entries = yaml_files.load(deployed(described)["deploy/hub/jupyterhub/values.yaml"])["singleuser"][
        "profileList"
    ]
    assert entries[1]["description"] == "For training – GPU"
