"""What users read in the list of profiles."""

from __future__ import annotations

import pytest

from image_matrix.diagnostics import MatrixError
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


@pytest.mark.parametrize(
    ("described", "names", "order"),
    [
        ("{b_region: REGION}", ["image", "size", "b_region"], ["image", "size", "b_region"]),
        ("{region: REGION, size: {display_name: Size}}", ["image", "region", "size"], None),
        (
            "{region: REGION, image: {display_name: I}, size: {display_name: S}}",
            ["region", "image", "size"],
            ["region", "image", "size"],
        ),
    ],
)
def test_options_have_the_order_of_the_matrix(
    described: str, names: list[str], order: list[str] | None
) -> None:
    options = described.replace("REGION", "{display_name: Region, choices: {eu: {display_name: Europe}}}")
    loaded = small(f"profiles: {{data-science: {{profile_options: {options}}}}}")
    values = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    entry = values["singleuser"]["profileList"][0]
    assert [*entry["profile_options"]] == names
    assert entry.get("display_order") == order


def test_a_size_that_is_no_choice_is_told() -> None:
    entries = yaml_files.load(deployed(small("{}"))["deploy/hub/jupyterhub/values.yaml"])["singleuser"][
        "profileList"
    ]
    assert [item.get("description") for item in entries] == [
        None,
        None,
    ]  # the profile is called like the size
    described = small("profiles: {gpu: {description: For training}}", "sizes: {gpu: {display_name: One GPU}}")
    entries = yaml_files.load(deployed(described)["deploy/hub/jupyterhub/values.yaml"])["singleuser"][
        "profileList"
    ]
    assert entries[1]["description"] == "For training – One GPU"


@pytest.mark.parametrize(
    ("memory", "guarantee"),
    [("512Mi", "512M"), ("1Gi", None), ("512Mi, guarantee: 256Mi", "256M"), ("none", None)],
)
def test_no_guarantee_of_the_chart_is_over_a_limit(memory: str, guarantee: str | None) -> None:
    """The chart guarantees 1G where nothing is said, and Kubernetes refuses a guarantee over the limit."""
    loaded = small("sizes: {large: {memory: null}}", f"sizes: {{large: {{memory: {{limit: {memory}}}}}}}")
    values = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    size = values["singleuser"]["profileList"][0]["profile_options"]["size"]["choices"]["large"]
    assert size["kubespawner_override"].get("mem_guarantee") == guarantee


def test_a_limit_that_nobody_can_read_is_reported() -> None:
    with pytest.raises(MatrixError, match="`lots` is not an amount of memory"):
        small("sizes: {large: {memory: {limit: lots}}}")


def test_a_guarantee_of_the_profile_stays() -> None:
    profile = "profiles: {data-science: {sizes: [large], kubespawner_override: {mem_guarantee: 128M}}}"
    loaded = small("sizes: {large: {memory: {limit: 512Mi}}}", profile)
    values = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    assert values["singleuser"]["profileList"][0]["kubespawner_override"]["mem_guarantee"] == "128M"
