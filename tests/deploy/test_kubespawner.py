"""The real KubeSpawner, the newest and the chart's: every profile and every choice, posted as a browser posts them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.config.sites import CHART_TOLERATIONS
from image_matrix.profiles import traits
from image_matrix.profiles.fields import ENTRIES, OBJECTS, VARIABLE
from image_matrix.profiles.offer import offers
from image_matrix.profiles.template_fields import known_fields
from tests import yaml_files
from tests.deploy.strategies import catalogs
from tests.deploy.support import deployed, expected, facts, keys_of, reference, small
from tests.laws import examples

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded
    from image_matrix.profiles.pod import Pod
    from tests.deploy.conftest import Ask

from hypothesis import HealthCheck, given, settings

pytestmark = [pytest.mark.e2e, pytest.mark.network]
EVERYTHING = """
sites:
  hub:
    devices:
      nvidia.com/gpu:
        runtime_class: nvidia
        node_selector: {nvidia.com/gpu.product: A100}
        tolerations: [{key: sku, operator: Equal, value: gpu, effect: NoSchedule}]
        hugepages: {hugepages-2Mi: 512Mi}
sizes:
  small: {shm: 2Gi, node_selector: {pool: small}, kubespawner_override: {extra_labels: {team: a}}}
profiles:
  data-science:
    env: {TEAM: science}
    tolerations: [{key: science, operator: Exists}]
    node_selector: {zone: a}
    kubespawner_override: {default_url: /lab, environment: {MORE: "1"}}
    aliases: [scipy]
    retired: {sizes: {medium: large}, images: {old: jupyter-scipy-python3-11}}
    groups: [research]
  old:
    display_name: Old
    images: [jupyter-scipy]
    deprecated: {successor: data-science, message: Goes soon.}
"""


def agree(loaded: Loaded, answer: dict[str, Any]) -> None:
    """Every pod of KubeSpawner is the one that `profiles show` prints, and none is missing."""
    assert "error" not in answer, answer
    wanted = expected(loaded)
    seen = set()
    for item in answer["pods"]:
        key = keys_of(loaded, item["slug"], item["choice"])
        seen.add(key)
        assert_same(facts(item["pod"]), wanted[key])
    assert seen == set(wanted)
    first = next(offer for offer in offers(loaded.matrix, loaded.variants) if offer.default)
    image = next(choice for choice in first.images if choice.default)
    size = next(choice for choice in first.sizes if choice.default)
    assert_same(facts(answer["default"]), wanted[first.slug, image.key, size.key])
    assert answer["checked"] == [first.slug]
    assert all(len(keys) == 1 for keys in answer["selected"].values())


def assert_same(got: dict[str, Any], pod: Pod) -> None:
    assert got["image"] == (pod.image or "chart/sample:1")
    assert got["cpu"] == (pod.cpu_guarantee, pod.cpu_limit)
    assert got["memory"] == (pod.memory_guarantee, pod.memory_limit)
    assert got["devices"] == pod.devices
    assert got["huge_pages"] == {k: v for k, v in pod.devices.items() if k.startswith("hugepages-")}
    assert got["node_selector"] == pod.node_selector
    assert by_text(got["tolerations"]) == by_text(pod.tolerations or CHART_TOLERATIONS)
    assert got["runtime_class"] == pod.runtime_class
    assert [bytes_of(item) for item in got["shm"]] == ([pod.shm] if pod.shm is not None else [])
    assert "/home/jovyan" in got["mounts"]
    assert "block-cloud-metadata" in got["init_containers"]
    assert "hub.jupyter.org/node-purpose" in str(got["affinity"])
    assert got["env"].items() >= {k: v for k, v in pod.environment.items() if isinstance(v, str)}.items()
    for name in ("image_pull_policy", "working_dir"):
        assert got[name] == pod.settings.get(name, got[name])
    assert got["init_containers"][1:] == list(pod.settings.get("init_containers", {}))


def by_text(items: Any) -> list[str]:
    return sorted(str(sorted(item.items())) for item in items)


def bytes_of(text: str) -> int:
    units: dict[str, int] = {f"{suffix}i": 1024**power for power, suffix in enumerate("KMGT", start=1)}
    return int(text[:-2]) * units[text[-2:]]


def values(loaded: Loaded) -> dict[str, Any]:
    made: dict[str, Any] = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    return made


MODELS = {
    "container_security_context": "V1SecurityContext", "extra_container_config": "V1Container",
    "extra_pod_config": "V1PodSpec", "lifecycle_hooks": "V1Lifecycle", "pod_security_context": "V1PodSecurityContext",
    "extra_containers": "V1Container", "init_containers": "V1Container",
    "node_affinity_preferred": "V1PreferredSchedulingTerm", "node_affinity_required": "V1NodeSelectorTerm",
    "pod_affinity_preferred": "V1WeightedPodAffinityTerm", "pod_affinity_required": "V1PodAffinityTerm",
    "pod_anti_affinity_preferred": "V1WeightedPodAffinityTerm", "pod_anti_affinity_required": "V1PodAffinityTerm",
    "volume_mounts": "V1VolumeMount", "volumes": "V1Volume",
}  # fmt: skip


def test_settings_are_those_of_the_package(kubespawner: Ask) -> None:
    found = kubespawner("settings")
    kinds = {
        "Float": traits.NUMBERS, "ByteSpecification": traits.MEMORY, "Unicode": traits.TEXTS, "Int": traits.INTEGERS,
        "Bool": traits.BOOLEANS, "Dict": traits.MAPPINGS,
    }  # fmt: skip
    for kind, names in kinds.items():
        assert {name: found["traits"][name] for name in names if kind not in found["traits"][name]} == {}
    for name in traits.CHART_LISTS:
        assert found["traits"][name] == ["List", "Dict"]
    for name in traits.LISTS:
        assert {"List", "Command"} & set(found["traits"][name])
    former = {name: found["former"].get(new, new) for name, new in found["former"].items()}
    assert {name: new for name, new in former.items() if new in found["traits"]} == traits.FORMER
    assert MODELS.keys() == OBJECTS.keys() | ENTRIES.keys()
    for name, model in MODELS.items():
        ours = ENTRIES.get(name) or OBJECTS[name]
        theirs = found["fields"][model]
        assert ours.names == set(theirs["names"]), name
        if name in ENTRIES:
            assert set(ours.required) == set(theirs["required"]), name
    assert VARIABLE.names == set(found["fields"]["V1EnvVar"]["names"])


def test_the_reference_matrix(kubespawner: Ask) -> None:
    agree(reference(), kubespawner(values(reference())))


def test_the_reference_matrix_as_helm_passes_it_on(kubespawner: Ask, helm: Ask) -> None:
    text = deployed(reference())["deploy/hub/jupyterhub/values.yaml"]
    passed = helm({"files": [text]})["values"]
    answer, direct = kubespawner(passed), kubespawner(yaml_files.load(text))
    agree(reference(), answer)
    assert answer["selects"] == direct["selects"]  # the order that users see


def test_every_field_reaches_the_pod(kubespawner: Ask) -> None:
    loaded = small(EVERYTHING)
    answer = kubespawner(values(loaded))
    agree(loaded, answer)
    env = facts(answer["default"])["env"]
    assert (env["TEAM"], env["MORE"]) == ("science", "1")
    assert answer["slugs"] == ["data-science", "gpu", "old"]


def test_saved_choices_work_under_former_names_that_nobody_sees(kubespawner: Ask) -> None:
    loaded = small(EVERYTHING, "profiles: {gpu: {default: true}}")
    saved = {"profile": "scipy", "image": "old", "size": "medium"}
    answer = kubespawner({**values(loaded), "custom": {"saved": saved}})
    assert "error" not in answer, answer
    assert_same(
        facts(answer["default"]), expected(loaded)["data-science", "jupyter-scipy-python3-11", "large"]
    )
    assert answer["slugs"] == ["data-science", "gpu", "old"]
    assert answer["checked"] == (["data-science"] if answer["version"] >= "7.1" else ["gpu"])
    seen = {key for keys in answer["selects"].values() for key in keys}
    assert not seen & {"scipy", "old", "medium"}


def test_groups_see_their_profiles_only(kubespawner: Ask) -> None:
    loaded = small(EVERYTHING)
    answer = kubespawner({**values(loaded), "custom": {"groups": ["finance"]}})
    assert answer["slugs"] == ["gpu", "old"]


def test_no_limit_is_no_limit_whatever_the_hub_has(kubespawner: Ask) -> None:
    loaded = small("sizes: {small: {cpu: {limit: none}, memory: {limit: none, guarantee: 14Gi}}}")
    hub = {"memory": {"limit": "1G"}, "cpu": {"limit": 1}}
    chart = values(loaded)
    answer = kubespawner({**chart, "singleuser": {**chart["singleuser"], **hub}})
    resources = answer["default"]["spec"]["containers"][0]["resources"]
    assert {"cpu", "memory"} & resources["limits"].keys() == set()
    assert resources["requests"]["memory"] == 14 * 1024**3


def test_template_fields_are_replaced_and_doubled_braces_are_text(kubespawner: Ask) -> None:
    names = sorted(known_fields("7.0.0"))
    env = {f"F_{name.upper()}": f"<{{{name}}}>" for name in names} | {"TEXT": "{{username}}"}
    loaded = small(json.dumps({"profiles": {"data-science": {"env": env}}}))
    got = facts(kubespawner(values(loaded))["default"])["env"]
    assert {name for name in names if "{" in got[f"F_{name.upper()}"]} == set()
    assert got["TEXT"] == "{username}"


def test_an_unknown_template_field_starts_no_server(kubespawner: Ask) -> None:
    chart = values(small("profiles: {data-science: {env: {FOLDER: '{username}'}}}"))
    text = json.dumps(chart).replace("{username}", "{user_name}")
    assert "user_name" in kubespawner(json.loads(text))["error"]


def test_every_pod_has_the_nodes_and_pull_secrets_of_the_site(kubespawner: Ask) -> None:
    site = "sites: {hub: {node_selector: {pool: users, zone: a}, pull_secrets: [login]}}\n"
    loaded = small(site + "profiles: {gpu: {node_selector: {zone: b}}}")
    answer = kubespawner(values(loaded))
    agree(loaded, answer)
    pods = {item["slug"]: item["pod"]["spec"] for item in answer["pods"]}
    assert pods["gpu"]["nodeSelector"] == {"pool": "users", "zone": "b"}
    assert pods["data-science"]["nodeSelector"] == {"pool": "users", "zone": "a"}
    assert all(spec["imagePullSecrets"] == [{"name": "login"}] for spec in pods.values())


GROUPS_EVERYWHERE = (
    "profiles: {data-science: {groups: [research]}, gpu: {groups: [teaching]}}\nsites: {kubeflow: }"
)


JOINING = """
sizes: {small: {shm: 1Gi}}
profiles:
  data-science:
    kubespawner_override:
      volumes: {more: {name: more, emptyDir: {}}}
      volume_mounts: {more: {name: more, mountPath: /more}}
      init_containers: {more: {name: more, image: "more:1"}}
      node_affinity_preferred: {more: {weight: 1, preference: {matchExpressions: [{key: a, operator: Exists}]}}}
"""


@pytest.mark.parametrize(("chart", "volume_lists"), [("4.4.0", False), ("4.2.0", True), ("4.0.0", True)])
def test_what_the_chart_sets_stays(kubespawner: Ask, chart: str, volume_lists: bool) -> None:
    loaded = small(JOINING, f"sites: {{hub: {{jupyterhub: null, chart: {chart}}}}}")
    assert ("volumes" in loaded.matrix.catalog.site.chart.lists) == volume_lists
    answer = kubespawner({**values(loaded), "custom": {"volume_lists": volume_lists}})
    agree(loaded, answer)  # the home is mounted, the cloud's metadata blocked
    got = facts(answer["default"])
    assert got["init_containers"] == ["block-cloud-metadata", "more"]
    assert "/more" in got["mounts"]
    assert len(got["affinity"]["nodeAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"]) == 2


def test_without_our_lines_a_list_would_be_replaced(kubespawner: Ask) -> None:
    """What the lines of ``hub.extraConfig`` and the refusal for KubeSpawner 6 are for."""
    bare = {**values(small(JOINING)), "hub": {}}
    answer = kubespawner({**bare, "custom": {"volume_lists": True}})
    got = facts(answer["default"])
    assert "/home/jovyan" not in got["mounts"]
    assert got["init_containers"] == ["more"]


def test_who_is_in_no_group_gets_neither_a_form_nor_a_server(kubespawner: Ask) -> None:
    chart = values(small(GROUPS_EVERYWHERE))
    answer = kubespawner({**chart, "custom": {"groups": ["finance"], "refused": True}})
    for asked in ("form", "start"):
        status, message = answer[asked]
        assert status == 403
        assert "administrators" in message
    assert kubespawner({**chart, "custom": {"groups": ["teaching"], "refused": True}}) == {
        "form": None,
        "start": None,
    }
    assert kubespawner({**chart, "custom": {"groups": ["teaching"]}})["slugs"] == ["gpu"]


@pytest.mark.parametrize(
    ("chosen", "gone"),
    [
        ({"profile": "taken-back"}, "taken-back"),
        ({"profile": "data-science", "image": "taken-back"}, "taken-back"),
        ({"profile": "gpu"}, "gpu"),  # of a group that the user has left
        ({"profile": ["gpu"]}, "['gpu']"),  # anything, by API
        ({"profile": "data-science", "size": ["small"]}, "['small']"),
    ],
)
def test_a_start_of_what_is_not_offered_is_refused_and_the_form_is_shown(
    kubespawner: Ask, chosen: dict[str, Any], gone: str
) -> None:
    """As from a page that was opened before a release was taken back, or from what the hub has stored."""
    chart = values(small("profiles: {gpu: {groups: [teaching]}}"))
    answer = kubespawner({**chart, "custom": {"groups": ["finance"], "saved": chosen, "refused": True}})
    refusal = f"`{gone}` is not offered to you, or no longer. Choose again."
    assert answer == {"form": None, "start": [400, refusal]}


@settings(
    max_examples=examples(20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(overlay=catalogs())
def test_whatever_is_valid_is_accepted(kubespawner: Ask, overlay: str) -> None:
    loaded = small(overlay)
    agree(loaded, kubespawner(values(loaded)))
