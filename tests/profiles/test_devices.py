"""A pod that asks for no GPU sees none, also where its image would show all of a node."""

from __future__ import annotations

import json
from typing import Any

from image_matrix.profiles.offer import offers
from image_matrix.profiles.pod import offered_pods
from image_matrix.profiles.pod_text import profile_cells
from tests import yaml_files
from tests.deploy.support import deployed, expected, reference, references, small

BOTH = """
images: {jupyter-cuda: {accelerator_optional: true}}
profiles:
  gpu: {sizes: [small, gpu]}
  data-science: {env: {MODE: plain}}
"""
VOID = {"NVIDIA_VISIBLE_DEVICES": "void"}


def profiles(overlay: str) -> dict[str, dict[str, Any]]:
    """The entries of KubeSpawner's list."""
    file = yaml_files.load(deployed(small(overlay))["deploy/hub/jupyterhub/values.yaml"])
    entries = file["singleuser"].get("profileList") or file["hub"]["config"]["KubeSpawner"]["profile_list"]
    return {item["slug"]: item for item in entries}


def test_sizes_without_a_gpu_hide_those_of_the_node() -> None:
    pods = expected(small(BOTH))
    seen = {key[2]: dict(pod.environment) for key, pod in pods.items() if key[0] == "gpu"}
    assert seen == {"small": VOID, "gpu": {}}
    assert all(pod.environment == {"MODE": "plain"} for key, pod in pods.items() if key[0] == "data-science")


def test_the_list_says_so_in_the_size() -> None:
    choices = profiles(BOTH)["gpu"]["profile_options"]["size"]["choices"]
    overrides = {key: choice["kubespawner_override"] for key, choice in choices.items()}
    assert overrides["small"]["environment"] == VOID
    assert "environment" not in overrides["gpu"]


def test_show_says_so_in_the_size() -> None:
    loaded = small(BOTH)
    named = references(loaded)
    pods = offered_pods(loaded.matrix, offers(loaded.matrix, loaded.variants), named)
    shown = {cells.slug: cells.items for cells in profile_cells(pods, loaded.matrix.registry)}["gpu"]
    (own,) = (item for item in shown if item[0][0].rstrip("*") == "  small")
    (gpu,) = (item for item in shown if item[0][0].rstrip("*") == "  gpu")
    assert ("", "env NVIDIA_VISIBLE_DEVICES=void") in own
    assert not [text for _, text in gpu if "NVIDIA_VISIBLE_DEVICES" in text]


def test_what_a_size_says_itself_wins() -> None:
    own = {"sizes": {"small": {"kubespawner_override": {"environment": {"NVIDIA_VISIBLE_DEVICES": "none"}}}}}
    pods = expected(small(BOTH, json.dumps(own)))
    (seen,) = {
        pod.environment["NVIDIA_VISIBLE_DEVICES"] for key, pod in pods.items() if key[::2] == ("gpu", "small")
    }
    assert seen == "none"


def test_nothing_is_said_where_no_image_uses_gpus() -> None:
    for loaded in (small(), reference()):
        assert not [key for key, pod in expected(loaded).items() if VOID.keys() & pod.environment.keys()]
