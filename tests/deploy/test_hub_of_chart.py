"""The lists in the JupyterHub chart itself: its values, rendered by Helm, and its code in the hub, on KubeSpawner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.diagnostics import MatrixError
from image_matrix.profiles.offer import offers
from image_matrix.profiles.pod import CHART_MEMORY
from image_matrix.project.inputs import read_inputs
from image_matrix.project.load import load
from tests import yaml_files
from tests.deploy.support import ROOT, deployed, facts, keys_of, references, small
from tests.deploy.test_choices import (
    CHOICES,
    EVERYBODY,
    FURTHER,
    OPTIONAL,
    PREPARED,
    TYPED,
    expected,
    released,
    text_of,
)
from tests.deploy.test_kubespawner import EVERYTHING, JOINING, assert_same

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.profiles.pod import Pod
    from tests.deploy.hub_of_chart import HubOfChart

pytestmark = [pytest.mark.e2e, pytest.mark.network]


LITTLE = "sizes: {small: {memory: {limit: 512Mi, guarantee: null}}}"
MATRICES = {
    "choices": CHOICES, "optional": OPTIONAL, "prepared": PREPARED, "further": FURTHER, "everything": EVERYTHING,
    "joining": JOINING, "little": LITTLE,
}  # fmt: skip
ADD_TO_LISTS = (PREPARED, EVERYTHING, JOINING)
"""Matrices that KubeSpawner 6 would lose the home's volume with, or the chart's containers."""
OLD_IMAGES = """
images: {jupyter: {pip: [jupyterhub==4.1.6]}}
sources: {pangeo: {image: "quay.io/pangeo/pangeo-notebook:2026.10.01", provides: {jupyterhub: "4.1"}}}
"""


def on(hub: HubOfChart) -> list[str]:
    """The overlays with which the site has this chart."""
    site = f"sites: {{hub: {{jupyterhub: null, chart: {hub.version}}}}}"
    return [site, OLD_IMAGES] if is_old(hub) else [site]


def is_old(hub: HubOfChart) -> bool:
    """Whether the chart has KubeSpawner 6."""
    return hub.version == "3.3.8"


def agree(loaded: Loaded, named: Mapping[str, str], answer: dict[str, Any]) -> None:
    """Every pod is the one that `profiles show` prints, with what the chart gives to all, and none is missing."""
    assert "error" not in answer, answer
    pods = expected(loaded, named)
    seen = set()
    for item in answer["pods"]:
        assert_of_chart(item["pod"])
        if item["slug"] not in {offer.slug for offer in offers(loaded.matrix, loaded.variants)}:
            continue
        key = keys_of(loaded, item["slug"], item["choice"])
        if key[1] == "unlisted-choice":
            assert facts(item["pod"])["image"] == TYPED
            continue
        seen.add(key)
        assert_same(without_chart(facts(item["pod"]), pods[key]), pods[key])
    assert seen == set(pods)
    assert_of_chart(answer["default"])


def assert_of_chart(pod: dict[str, Any]) -> None:
    """The home, from its claim, is in every pod, and so is what blocks the cloud's metadata."""
    claims = {item["name"] for item in pod["spec"]["volumes"] if "persistentVolumeClaim" in item}
    mounts = pod["spec"]["containers"][0]["volumeMounts"]
    assert [item["mountPath"] for item in mounts if item["name"] in claims] == ["/home/jovyan"]
    resources = pod["spec"]["containers"][0]["resources"]
    memory = [resources.get(side, {}).get("memory") for side in ("requests", "limits")]
    assert memory[1] is None or memory[0] <= memory[1], "Kubernetes refuses the pod"
    assert pod["spec"]["initContainers"][0]["name"] == "block-cloud-metadata"
    assert pod["spec"]["schedulerName"] == "probe-user-scheduler"


def without_chart(got: dict[str, Any], pod: Pod) -> dict[str, Any]:
    """What is compared: without the chart's own image, guarantee of memory, and options that are passed through."""
    own = got["image"].startswith("quay.io/jupyterhub/k8s-singleuser-sample:")
    guarantee, limit = got["memory"]
    labels = {key: label for key, label in got["node_selector"].items() if key != "region"}
    memory = (guarantee if pod.memory_guarantee or guarantee != CHART_MEMORY else None, limit)
    return {**got, **({"image": "chart/sample:1"} if own else {}), "memory": memory, "node_selector": labels}


def test_the_reference_matrix(hub: HubOfChart) -> None:
    inputs = read_inputs(ROOT)
    texts = {**inputs.texts, "chart.yaml": f"sites: {{hub: {{chart: {hub.version}}}}}"}
    if is_old(hub):
        with pytest.raises(MatrixError, match="needs KubeSpawner 7"):
            load(texts, inputs.templates.kinds)
        return
    loaded = load(texts, inputs.templates.kinds)
    text = deployed(loaded)["deploy/hub/jupyterhub/values.yaml"]
    agree(loaded, references(loaded), hub.ask(text, {}))


@pytest.mark.parametrize("overlay", MATRICES.values(), ids=MATRICES.keys())
def test_the_matrices_of_other_tests(hub: HubOfChart, overlay: str) -> None:
    if is_old(hub) and overlay in ADD_TO_LISTS:
        with pytest.raises(MatrixError, match="needs KubeSpawner 7"):
            small(overlay, *on(hub))
        return
    loaded = small(overlay, *on(hub))
    named = released(loaded)
    agree(loaded, named, hub.ask(text_of(loaded, named), {"typed": {"image": TYPED}}))


def test_users_pods_reach_their_buildkit_and_no_other_private_address(hub: HubOfChart) -> None:
    loaded = small("sites: {hub: {buildkit: {}}}", *on(hub))
    values = deployed(loaded)["deploy/hub/jupyterhub/values.yaml"]
    rendered = hub.helm({"chart": str(hub.chart), "files": [values]})
    (egress,) = (
        item["spec"]["egress"]
        for item in rendered["manifests"]
        if (item["kind"], item["metadata"]["name"]) == ("NetworkPolicy", "singleuser")
    )
    (ours,) = yaml_files.load(values)["singleuser"]["networkPolicy"]["egress"]
    assert ours in egress
    blocks = [to["ipBlock"] for rule in egress for to in rule.get("to", ()) if "ipBlock" in to]
    assert [item for item in blocks if item["cidr"] == "0.0.0.0/0" and "10.0.0.0/8" in item["except"]]


@pytest.mark.parametrize("groups", [["careful"], ["rich"], ["curious"], [], EVERYBODY])
def test_groups_see_their_choices(hub: HubOfChart, groups: list[str]) -> None:
    loaded = small(CHOICES, *on(hub))
    answer = hub.ask(text_of(loaded, released(loaded)), {"groups": groups})
    prefix = "profile-option-data-science--"
    assert ("before" in answer["selects"][f"{prefix}image"]) == ("careful" in groups)
    assert ("a-large" in answer["selects"][f"{prefix}size"]) == ("rich" in groups)
    assert ("unlisted-choice" in answer["selects"][f"{prefix}image"]) == ("curious" in groups)


SITES = {
    "lists": """
singleuser:
  storage:
    type: static
    static: {pvcName: homes, subPath: "home/{username}"}
    extraVolumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
    extraVolumeMounts: [{name: data, mountPath: /data, readOnly: true}, {name: data, mountPath: /public}]
  initContainers: [{name: of-the-site, image: "busybox:1"}]
  extraFiles: {motd: {mountPath: /etc/motd, stringData: Hello}}
  extraEnv: {SITE: "1"}
""",
    "mappings": """
singleuser:
  storage:
    extraVolumes: {data: {name: data, persistentVolumeClaim: {claimName: data}}}
    extraVolumeMounts: {data: {name: data, mountPath: /data}, public: {name: data, mountPath: /public}}
  initContainers: [{name: of-the-site, image: "busybox:1"}]
  extraFiles: {motd: {mountPath: /etc/motd, stringData: Hello}}
  extraEnv: {SITE: "1"}
""",
}


@pytest.mark.parametrize("site", SITES)
def test_what_the_site_has_stays_in_every_pod(hub: HubOfChart, site: str) -> None:
    """The site's values are beside ours; charts before 4.3 take lists only."""
    if is_old(hub) or (site == "mappings" and hub.version == "4.2.0"):
        return
    loaded = small(JOINING, *on(hub))
    answer = hub.ask(text_of(loaded, released(loaded)), {}, SITES[site])
    assert "error" not in answer, answer
    for item in answer["pods"]:
        got = facts(item["pod"])
        assert {"/home/jovyan", "/data", "/public", "/etc/motd"} <= set(got["mounts"])
        assert {"of-the-site", "block-cloud-metadata"} <= set(got["init_containers"])
        assert got["env"]["SITE"] == "1"
        more = item["slug"] == "data-science"
        assert ("/more" in got["mounts"]) == more
        assert ("more" in got["init_containers"]) == more
