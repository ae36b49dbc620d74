"""The form of Kubeflow Notebooks 1: lists of images, amounts, and what nodes ask for."""

from __future__ import annotations

from typing import Any

import pytest

from tests import yaml_files
from tests.deploy.support import deployed, reference, small
from tests.deploy.test_workspace_kind import released

FORM = "deploy/kubeflow/kubeflow/notebooks-1/form/spawner_ui_config.yaml"


def form(*overlays: str, **how: str) -> dict[str, Any]:
    """What the form of a matrix preselects and offers."""
    defaults: dict[str, Any] = yaml_files.load(deployed(small(*overlays), **how)[FORM])["spawnerFormDefaults"]
    return defaults


def limits(fields: dict[str, Any]) -> tuple[str, str]:
    """The limits that Kubeflow's backend makes of the preselected amounts: rounded to tenths."""

    def limit(name: str, unit: str) -> str:
        assert "e" not in fields[name]["value"]
        request, factor = fields[name]["value"].removesuffix(unit), str(fields[name]["limitFactor"])
        if factor == "none":
            return factor
        made = round(float(request) * float(factor), 1)
        assert made >= float(request), "the backend refuses a limit below the request"
        return f"{made}{unit}"

    return limit("cpu", ""), limit("memory", "Gi")


def test_images_go_to_the_group_of_their_http_behaviour() -> None:
    overlay = """
images: {vscode: {from: jupyter}, vscode-python: {from: vscode}, studio: {from: jupyter}}
sites: {kubeflow: {kubeflow: {group_one: [vscode], group_two: [studio]}}}
profiles: {ide: {display_name: IDE, images: [studio, vscode-python]}}
"""
    fields = form(overlay)
    named = {group: [ref.rpartition("/")[2].partition(":")[0] for ref in fields[group]["options"]]
             for group in ("image", "imageGroupOne", "imageGroupTwo")}  # fmt: skip
    assert named == {
        "image": ["jupyter-scipy", "jupyter-scipy", "jupyter-cuda"],
        "imageGroupOne": ["vscode-python"],
        "imageGroupTwo": ["studio"],
    }
    for group in named:
        assert fields[group]["value"] in fields[group]["options"]
    kinds = {
        kind["metadata"]["name"]: kind["spec"]["podTemplate"]["ports"][0]
        for kind in released(deployed(small(overlay)))
    }
    assert not kinds["notebooks"]["httpProxy"]["removePathPrefix"]
    assert kinds["notebooks-at-root"]["httpProxy"] == {"removePathPrefix": True}
    assert "X-RStudio-Root-Path" in kinds["notebooks-at-root-path"]["httpProxy"]["requestHeaders"]["set"]


def test_a_group_without_images_is_not_there() -> None:
    assert not {"imageGroupOne", "imageGroupTwo"} & form().keys()


def test_a_release_shows_name_and_label_and_has_the_digest() -> None:
    """The form cuts a reference at its colons, and shows the first two parts."""
    for reference_ in form(digest="a")["image"]["options"]:
        name, label, digest = reference_.split(":")
        assert name.startswith("ghcr.io/example/notebooks/jupyter-")
        assert label in ("python3.13@sha256", "python3.11@sha256")
        assert digest == "a" * 64


def test_the_form_offers_what_the_sizes_ask_for() -> None:
    fields = yaml_files.load(deployed(reference())[FORM])["spawnerFormDefaults"]
    keys = [item["limitsKey"] for item in fields["gpus"]["value"]["vendors"]]
    assert keys == ["nvidia.com/gpu", "habana.ai/gaudi"]
    assert fields["memory"]["value"] == "1Gi"
    assert [item["groupKey"] for item in fields["tolerationGroup"]["options"]] == ["nvidia.com", "habana.ai"]


DEVICES = """
accelerators:
  cuda: {device: nvidia.com/gpu, description: NVIDIA CUDA 13}
  cuda12: {device: nvidia.com/gpu, description: NVIDIA CUDA 12}
  xpu: {device: gpu.intel.com/xe, description: Intel XPU}
  neuron: {device: aws.amazon.com/neuron, description: AWS Neuron}
images:
  jupyter-cuda12: {from: jupyter, accelerator: cuda12}
  jupyter-xpu: {from: jupyter, accelerator: xpu}
  jupyter-neuron: {from: jupyter, accelerator: neuron}
sizes:
  mig: {display_name: Part, devices: {nvidia.com/mig-1g.10gb: 1}}
  xpu: {display_name: XPU, devices: {gpu.intel.com/xe: 1}}
  neuron: {display_name: Neuron, devices: {aws.amazon.com/neuron: 1}}
profiles:
  gpu: {images: [jupyter-cuda, jupyter-cuda12], sizes: [gpu, mig]}
  xpu: {display_name: XPU, images: [jupyter-xpu], sizes: [xpu]}
  neuron: {display_name: Neuron, images: [jupyter-neuron], sizes: [neuron]}
"""


def test_devices_have_their_own_names() -> None:
    named = {item["limitsKey"]: item["uiName"] for item in form(DEVICES)["gpus"]["value"]["vendors"]}
    assert named == {
        "nvidia.com/gpu": "NVIDIA GPU",
        "nvidia.com/mig-1g.10gb": "NVIDIA MIG 1g.10gb",
        "gpu.intel.com/xe": "Intel GPU (xe)",
        "aws.amazon.com/neuron": "AWS Neuron",
    }


GPU_FIRST = """
sizes: {gpu: {node_selector: {pool: gpu}}}
profiles: {gpu: {default: true}}
"""


def test_the_default_asks_for_no_device() -> None:
    fields = form()
    assert "jupyter-scipy" in fields["image"]["value"]
    assert (fields["gpus"]["value"]["num"], fields["gpus"]["value"]["vendor"]) == ("none", "")
    assert fields["tolerationGroup"]["value"] == fields["affinityConfig"]["value"] == ""


def test_a_default_with_a_device_brings_what_it_needs() -> None:
    fields = form(GPU_FIRST)
    assert "jupyter-cuda" in fields["image"]["value"]
    assert (fields["gpus"]["value"]["num"], fields["gpus"]["value"]["vendor"]) == ("1", "nvidia.com/gpu")
    for name, key in (("tolerationGroup", "groupKey"), ("affinityConfig", "configKey")):
        assert fields[name]["value"] in {item[key] for item in fields[name]["options"]}


def test_the_image_of_a_list_without_the_default_fits_its_devices() -> None:
    fields = form(
        "sites: {kubeflow: {kubeflow: {group_one: [jupyter-scipy]}}}",
        "profiles: {plain: {display_name: Plain, images: [jupyter], sizes: [small]}}",
    )
    assert len(fields["image"]["options"]) == 2
    assert "jupyter-cuda" in fields["image"]["options"][0]
    assert "/jupyter:" in fields["image"]["value"]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("{}", ("2.0", "4.0Gi")),
        ("{memory: {limit: none}}", ("2.0", "none")),
        ("{cpu: {limit: 2, guarantee: 2}}", ("2.0", "4.0Gi")),
        ("{cpu: {limit: 1.5, guarantee: 0.4}, memory: {limit: 3Gi, guarantee: 2Gi}}", ("1.5", "3.0Gi")),
        ("{cpu: {limit: 100, guarantee: 3}, memory: {limit: 128Gi, guarantee: 7Gi}}", ("100.0", "128.0Gi")),
        ("{memory: {limit: 2Ti, guarantee: 1234Gi}}", ("2.0", "2048.0Gi")),
        ("{cpu: {limit: 0.25, guarantee: 0.25}, memory: {limit: 128Mi, guarantee: 128Mi}}", ("0.3", "0.2Gi")),
    ],
)
def test_the_form_makes_the_limits_of_the_size(size: str, expected: tuple[str, str]) -> None:
    assert limits(form(f"sizes: {{small: {size}}}")) == expected


def test_kubeflow_has_no_taints_of_the_hub() -> None:
    files = deployed(reference())
    for name in ("notebooks-1/form/spawner_ui_config", "notebooks-2/workspacekind"):
        assert "hub.jupyter.org" not in files[f"deploy/kubeflow/kubeflow/{name}.yaml"]


NODES = """
sizes:
  small: {node_selector: {pool: cpu}}
  large: {node_selector: {pool: big, zone: a}, tolerations: [{key: big, operator: Exists}]}
  gpu: {tolerations: [{key: a, operator: Exists}]}
  more: {display_name: More, devices: {nvidia.com/gpu: 2}, tolerations: [{key: b, operator: Exists}]}
profiles:
  gpu: {sizes: [gpu, more]}
  near: {display_name: Near, images: [jupyter], sizes: [small], node_selector: {zone: b}}
sites: {kubeflow: {devices: {nvidia.com/gpu: {node_selector: {pool: gpu}}}}}
"""


def test_all_sizes_of_a_vendor_count_for_its_tolerations() -> None:
    groups = {item["groupKey"]: item for item in form(NODES)["tolerationGroup"]["options"]}
    assert {item["key"] for item in groups["nvidia.com"]["tolerations"]} == {"a", "b", "nvidia.com/gpu"}
    assert groups["large"]["tolerations"] == [{"key": "big", "operator": "Exists"}]
    assert groups["large"]["displayName"] == "Nodes for Large"
    assert groups.keys() == {"nvidia.com", "large"}


def test_nodes_of_sizes_are_affinities() -> None:
    options = {
        item["configKey"]: item["affinity"]["nodeAffinity"]
        for item in form(NODES)["affinityConfig"]["options"]
    }
    labels = {
        key: {
            item["key"]: item["values"]
            for term in affinity["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
            for item in term["matchExpressions"]
        }
        for key, affinity in options.items()
    }
    assert labels == {
        "small": {"pool": ["cpu"]},
        "large": {"pool": ["big"], "zone": ["a"]},
        "gpu": {"pool": ["gpu"]},
        "near-small": {"pool": ["cpu"], "zone": ["b"]},
    }


def test_the_tolerations_of_the_site_are_those_of_every_pod() -> None:
    """Nobody adds them on the way, as JupyterHub's chart does."""
    overlay = "sites: {kubeflow: {tolerations: [{key: users, operator: Exists}]}}"
    fields = form(overlay)
    groups = {item["groupKey"]: item["tolerations"] for item in fields["tolerationGroup"]["options"]}
    assert groups.keys() == {"small", "large", "nvidia.com"}
    assert fields["tolerationGroup"]["value"] == "small"
    (kind,) = released(deployed(small(overlay)))
    pods = [item["spec"] for item in kind["spec"]["podTemplate"]["options"]["podConfig"]["values"]]
    for tolerated in (*groups.values(), *(pod["tolerations"] for pod in pods)):
        assert tolerated[0] == {"key": "users", "operator": "Exists"}


OVERRIDES = """
sizes:
  small:
    node_selector: {pool: cpu}
    kubespawner_override:
      node_selector: {zone: a}
      node_affinity_required:
        b: {matchExpressions: [{key: disk, operator: In, values: [ssd]}]}
        a: {match_expressions: [{key: disk, operator: In, values: [nvme]}]}
      node_affinity_preferred: {near: {weight: 1, preference: {matchExpressions: [{key: row, operator: Exists}]}}}
      extra_resource_limits: {ephemeral-storage: 8Gi}
profiles:
  data-science:
    kubespawner_override:
      pod_anti_affinity_preferred:
        alone:
          weight: 1
          pod_affinity_term: {topology_key: kubernetes.io/hostname, label_selector: {matchLabels: {my_app: lab}}}
"""
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
APART = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"my_app": "lab"}}}


def disk(value: str) -> dict[str, Any]:
    return {"key": "disk", "operator": "In", "values": [value]}


def test_settings_of_kubespawner_about_nodes_reach_kubeflow() -> None:
    """KubeSpawner sorts the entries of a mapping by name; of several terms of nodes, one has to fit."""
    (kind,) = released(deployed(small(OVERRIDES)))
    pods = kind["spec"]["podTemplate"]["options"]["podConfig"]["values"]
    spec = next(item["spec"] for item in pods if item["id"].startswith("small_"))
    terms = spec["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert [term["matchExpressions"] for term in terms] == [[disk("nvme")], [disk("ssd")]]
    assert spec["affinity"]["podAntiAffinity"] == {PREFERRED: [{"weight": 1, "podAffinityTerm": APART}]}
    assert spec["nodeSelector"] == {"pool": "cpu", "zone": "a"}
    assert spec["resources"]["limits"]["ephemeral-storage"] == "8Gi"

    option = next(
        item for item in form(OVERRIDES)["affinityConfig"]["options"] if item["configKey"] == "small"
    )
    assert option["affinity"]["podAntiAffinity"] == spec["affinity"]["podAntiAffinity"]
    assert option["affinity"]["nodeAffinity"][PREFERRED] == spec["affinity"]["nodeAffinity"][PREFERRED]
    labels = [
        {"key": key, "operator": "In", "values": [value]} for key, value in spec["nodeSelector"].items()
    ]
    both = option["affinity"]["nodeAffinity"][REQUIRED]["nodeSelectorTerms"]
    assert [term["matchExpressions"] for term in both] == [[*labels, disk("nvme")], [*labels, disk("ssd")]]
