"""Pulling ahead by accelerator: each node gets the images that run there, once."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import yaml_files
from tests.deploy.support import deployed, reference, small


def daemon_sets(text: str) -> dict[str, Any]:
    return {item["metadata"]["name"].removeprefix("image-matrix-prepull-"): item["spec"]["template"]["spec"]
            for item in yaml_files.load_all(text)}  # fmt: skip


def images(spec: dict[str, Any]) -> list[str]:
    return [item["image"].rpartition("/")[2].partition(":")[0] for item in spec["initContainers"]]


def test_cuda_images_go_to_gpu_nodes_only() -> None:
    text = deployed(reference())["deploy/hub/prepull/daemonsets.yaml"]
    found = daemon_sets(text)
    assert set(found) == {"cpu", "nvidia-com"}
    assert not any("cuda" in image or "gaudi" in image for image in images(found["cpu"]))
    assert images(found["nvidia-com"]) == ["jupyter-pytorch-cuda-full", "jupyter-tensorflow-cuda-full"]
    assert found["nvidia-com"]["nodeSelector"] == {
        "nvidia.com/gpu.present": "true",
        "kubernetes.io/arch": "amd64",
    }
    assert {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"} in found["nvidia-com"][
        "tolerations"
    ]
    assert "No DaemonSet for habana.ai" in text


def test_an_image_of_two_profiles_is_pulled_once() -> None:
    overlay = "profiles: {again: {display_name: Again, images: [jupyter-scipy], sizes: [small]}}"
    found = daemon_sets(deployed(small(overlay))["deploy/hub/prepull/daemonsets.yaml"])
    assert images(found["cpu"]) == ["jupyter-scipy", "jupyter-scipy"]  # two Pythons
    assert len({item["image"] for item in found["cpu"]["initContainers"]}) == 2


def test_nodes_that_sizes_and_profiles_select_pull_their_images_alone() -> None:
    overlay = """
sizes: {small: {node_selector: {pool: r5}}, large: {node_selector: {pool: r5, size: XL.1}}}
profiles: {gpu: {node_selector: {zone: a}}}
"""
    found = daemon_sets(deployed(small(overlay))["deploy/hub/prepull/daemonsets.yaml"])
    assert {name: spec["nodeSelector"] for name, spec in found.items()} == {
        "cpu-r5": {"pool": "r5", "kubernetes.io/arch": "amd64"},
        "cpu-r5-xl-1": {"pool": "r5", "size": "XL.1", "kubernetes.io/arch": "amd64"},
        "nvidia-com": {"zone": "a", "kubernetes.io/arch": "amd64"},
    }


def test_names_of_daemon_sets_differ() -> None:
    pools = {name: {"node_selector": {"pool": label}} for name, label in (("small", "a.b"), ("large", "a-b"))}
    found = daemon_sets(deployed(small(json.dumps({"sizes": pools})))["deploy/hub/prepull/daemonsets.yaml"])
    assert len([name for name in found if name.startswith("cpu")]) == 2


def test_pulling_needs_no_rights() -> None:
    for spec in daemon_sets(deployed(reference())["deploy/hub/prepull/daemonsets.yaml"]).values():
        for container in (*spec["initContainers"], *spec["containers"]):
            context = container["securityContext"]
            assert context["runAsNonRoot"]
            assert context["capabilities"] == {"drop": ["ALL"]}
            assert context["seccompProfile"] == {"type": "RuntimeDefault"}


def test_pulling_shows_no_gpus_whatever_an_image_says() -> None:
    overlay = "accelerators: {cuda: {env: {NVIDIA_VISIBLE_DEVICES: all}}}"
    for spec in daemon_sets(deployed(small(overlay))["deploy/hub/prepull/daemonsets.yaml"]).values():
        for container in spec["initContainers"]:
            assert container["env"] == [{"name": "NVIDIA_VISIBLE_DEVICES", "value": "void"}]


@pytest.mark.parametrize(
    ("device", "label"),
    [
        ("amd.com/gpu", "feature.node.kubernetes.io/amd-gpu"),
        ("gpu.intel.com/xe", "intel.feature.node.kubernetes.io/gpu"),
        ("gpu.intel.com/i915", "intel.feature.node.kubernetes.io/gpu"),
    ],
)
def test_other_vendors_nodes_are_known_by_their_labels(device: str, label: str) -> None:
    overlay = f"""
accelerators: {{cuda: {{device: {device}}}}}
sizes: {{gpu: {{devices: {{nvidia.com/gpu: null, {device}: 1}}}}}}
"""
    found = daemon_sets(deployed(small(overlay))["deploy/hub/prepull/daemonsets.yaml"])
    (name,) = set(found) - {"cpu"}
    assert found[name]["nodeSelector"] == {label: "true", "kubernetes.io/arch": "amd64"}


def test_a_sites_own_nodes() -> None:
    overlay = (
        "sites: {hub: {devices: {nvidia.com/gpu: {node_selector: {pool: gpu}, tolerations: [{key: sku}]}}}}"
    )
    found = daemon_sets(deployed(small(overlay))["deploy/hub/prepull/daemonsets.yaml"])
    assert found["nvidia-com"]["nodeSelector"] == {"pool": "gpu", "kubernetes.io/arch": "amd64"}
    assert {"key": "sku"} in found["nvidia-com"]["tolerations"]


def test_nodes_and_pull_secrets_of_a_site_are_those_of_all_its_pods() -> None:
    overlay = """
sites: {hub: {node_selector: {pool: users}, pull_secrets: [login, other]}}
sizes: {large: {node_selector: {pool: big}}}
"""
    files = deployed(small(overlay))
    found = daemon_sets(files["deploy/hub/prepull/daemonsets.yaml"])
    assert {name: spec["nodeSelector"]["pool"] for name, spec in found.items()} == {
        "cpu-big": "big", "cpu": "users", "nvidia-com": "users",
    }  # fmt: skip
    assert found["nvidia-com"]["nodeSelector"]["nvidia.com/gpu.present"] == "true"
    secrets = [{"name": "login"}, {"name": "other"}]
    assert [spec["imagePullSecrets"] for spec in found.values()] == [secrets] * 3
    singleuser = yaml_files.load(files["deploy/hub/jupyterhub/values.yaml"])["singleuser"]
    assert singleuser["nodeSelector"] == {"pool": "users"}
    assert singleuser["image"] == {"pullSecrets": ["login", "other"]}


def test_what_keeps_the_pods_comes_from_the_mirror_of_a_closed_network() -> None:
    """Without it no DaemonSet is ever ready, and Flux, which waits for them, offers no release."""
    overlay = "network: {mirrors: {registries: {registry.k8s.io: mirror.example.org/k8s}}}"
    for spec in daemon_sets(deployed(small(overlay))["deploy/hub/prepull/daemonsets.yaml"]).values():
        assert [item["image"] for item in spec["containers"]] == ["mirror.example.org/k8s/pause:3.10"]
