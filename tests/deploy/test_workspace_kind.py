"""Kubeflow: ids that never change their meaning, redirects, rules; and the lists of Notebooks 1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from image_matrix.render.kubernetes.outputs import deploy_files
from image_matrix.render.kubernetes.workspace_values import dropped
from tests import yaml_files
from tests.deploy.support import deployed, reference, references, small

if TYPE_CHECKING:
    from image_matrix.config.loaded import Loaded


def released(files: dict[str, str]) -> list[Any]:
    return list(yaml_files.load_all(files["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"]))


def images(kind: dict[str, Any]) -> dict[str, Any]:
    return {item["id"]: item for item in kind["spec"]["podTemplate"]["options"]["imageConfig"]["values"]}


def test_every_offered_image_is_there_and_defaults_exist() -> None:
    kinds = released(deployed(reference()))
    assert (
        sum(len(images(kind)) for kind in kinds) == 11
    )  # scipy and codeserver-python on two Pythons, seven more
    for kind in kinds:
        for option in kind["spec"]["podTemplate"]["options"].values():
            assert option["spawner"]["default"] in {item["id"] for item in option["values"]}


def test_every_ide_has_a_kind_that_knows_its_activity() -> None:
    kinds = {kind["metadata"]["name"]: kind["spec"] for kind in released(deployed(reference()))}
    probes = {name: [*spec["podTemplate"]["activityProbe"]] for name, spec in kinds.items()}
    assert probes == {"notebooks": ["jupyter"], "codeserver": ["podExec"], "rstudio": ["podExec"]}
    assert len({spec["spawner"]["icon"]["url"] for spec in kinds.values()}) == 3


@pytest.mark.parametrize(
    ("kubeflow", "rules"),
    [
        ("{}", [{"config": {"secondsSinceActive": 7200}, "effect": {"pauseWorkspace": True}}]),
        ("{pause_after: 30}", [{"config": {"secondsSinceActive": 1800}, "effect": {"pauseWorkspace": True}}]),
        ("{pause_after: none}", None),
    ],
)
def test_when_a_workspace_pauses(kubeflow: str, rules: list[Any] | None) -> None:
    (kind,) = released(deployed(small(f"sites: {{kubeflow: {{kubeflow: {kubeflow}}}}}")))
    assert kind["spec"].get("activityRules") == rules


def test_containers_run_where_pod_security_is_restricted() -> None:
    (kind,) = released(deployed(small()))
    assert kind["spec"]["podTemplate"]["containerSecurityContext"] == {
        "allowPrivilegeEscalation": False, "runAsNonRoot": True, "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }  # fmt: skip


def test_a_name_of_one_letter_is_long_enough() -> None:
    image = {"from": "debian", "provides": {"jupyterhub": "5.5"}}
    overlay = {"images": {"r": image}, "profiles": {"data-science": {"images": ["r"], "axes": None}}}
    (kind,) = released(deployed(small(json.dumps(overlay))))
    assert "r " in {item["spawner"]["displayName"] for item in images(kind).values()}


def test_a_kind_without_images_stays_hidden() -> None:
    loaded = small("sites: {kubeflow: {kubeflow: {group_one: [jupyter-cuda]}}}")
    old = released(deployed(loaded))
    assert [kind["metadata"]["name"] for kind in old] == ["notebooks", "notebooks-at-root"]
    again = small()
    files = deploy_files(again.matrix, again.variants, references(again), {"kubeflow": old})
    new = list(yaml_files.load_all(files["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"].content))
    assert [kind["spec"]["spawner"].get("hidden", False) for kind in new] == [False, True]
    assert images(new[1]) == images(old[1])


def test_a_new_build_keeps_the_old_one_hidden_and_redirected() -> None:
    loaded = small()
    old = released(deployed(loaded, mark="aaaaaaaaaaaa"))
    again = deploy_files(
        loaded.matrix, loaded.variants, references(loaded, mark="bbbbbbbbbbbb"), {"kubeflow": old}
    )
    (kind,) = yaml_files.load_all(again["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"].content)
    found = images(kind)
    assert set(images(old[0])) < set(found)
    for identifier, item in images(old[0]).items():
        kept = found[identifier]
        assert kept["spec"] == item["spec"]
        assert kept["spawner"]["hidden"]
        assert kept["redirect"]["to"] == identifier.replace("aaaaaaaaaaaa", "bbbbbbbbbbbb")
        assert "redirect" not in found[kept["redirect"]["to"]]


def test_a_third_release_has_no_chain_that_ends_nowhere() -> None:
    loaded = small()
    previous: list[Any] = []
    for mark in ("a" * 12, "b" * 12, "c" * 12):
        files = deploy_files(
            loaded.matrix, loaded.variants, references(loaded, mark=mark), {"kubeflow": previous}
        )
        previous = list(
            yaml_files.load_all(files["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"].content)
        )
    found = images(previous[0])
    assert len(found) == 3 * 3
    for item in found.values():
        target = item.get("redirect", {}).get("to")
        assert target is None or "redirect" not in found[target]


def mark(number: int) -> str:
    return f"{number:012}"


def release_after(number: int, loaded: Loaded, previous: list[Any]) -> list[Any]:
    files = deploy_files(
        loaded.matrix, loaded.variants, references(loaded, mark=mark(number)), {"kubeflow": previous}
    )
    return list(yaml_files.load_all(files["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"].content))


def repeated(second: list[Any], number: int) -> list[Any]:
    """What a release has become after so many others, from the second one: its new values, then all older ones."""

    def of_marks(value: Any, older: int) -> Any:
        text = json.dumps(value).replace(mark(0), "OLDER").replace(mark(1), mark(number))
        return json.loads(text.replace("OLDER", mark(older)))

    values = images(second[0]).values()
    new = [of_marks(item, 0) for item in values if "redirect" not in item]
    old = [of_marks(item, at) for at in reversed(range(number)) for item in values if "redirect" in item]
    (kind,) = of_marks(second, 0)
    kind["spec"]["podTemplate"]["options"]["imageConfig"]["values"] = [*new, *old]
    return [kind]


@pytest.mark.slow
def test_what_256_values_do_not_hold_is_told() -> None:
    loaded = small()
    releases: list[list[Any]] = []
    for number in range(4):
        releases.append(release_after(number, loaded, releases[-1] if releases else []))
    assert [repeated(releases[1], 2), repeated(releases[1], 3)] == releases[
        2:
    ]  # so 80 more need not be rendered
    full = release_after(84, loaded, repeated(releases[1], 83))
    assert full == repeated(releases[1], 84)
    assert not dropped(repeated(releases[1], 83), full)
    too_many = release_after(85, loaded, full)
    assert len(images(too_many[0])) == 256
    assert [name.rpartition("_")[2] for name in dropped(full, too_many)] == ["0" * 12] * 2


def test_rules_keep_cuda_images_on_gpu_pods() -> None:
    (kind,) = released(deployed(small()))
    pods = {
        item["id"]: label["value"]
        for item in kind["spec"]["podTemplate"]["options"]["podConfig"]["values"]
        for label in item["spawner"]["labels"]
        if label["key"] == "accelerator"
    }
    for item in images(kind).values():
        labels = {label["key"]: label["value"] for label in item["spawner"]["labels"]}
        allowed = {pod for pod, value in pods.items() if not denied(kind, labels, {"accelerator": value})}
        gpu = {pod for pod in pods if pod.startswith("gpu")}
        assert allowed == (gpu if "cuda" in item["id"] else set(pods) - gpu)


def denied(
    kind: dict[str, Any],
    image: dict[str, str],
    pod: dict[str, str],
    namespace: dict[str, str] | None = None,
    scope: str = "POD_CONFIG",
) -> bool:
    """Evaluate the rules as Kubeflow's backend does: all matches of a rule must hold, and the first one counts."""
    labels = {"matchImageConfig": image, "matchPodConfig": pod, "matchNamespace": namespace or {}}

    def holds(match: dict[str, Any]) -> bool:
        ((name, selector),) = match.items()
        return all(
            (labels[name].get(item["key"]) in item["values"]) == (item["operator"] == "In")
            for item in selector["selector"]["matchExpressions"]
        )

    rules = [rule for rule in kind["spec"]["filterRules"] if rule["scope"] == scope]
    first = next((rule for rule in rules if all(holds(match) for match in rule["match"])), None)
    return first is not None and bool(first["effect"]["api"]["deny"])


CLOSED_NETWORK = """
defaults:
  profiles:
    kubespawner_override:
      volumes:
        ca: {name: company-ca, configMap: {name: company-ca}}
        shared: {name: "shared-{username}", persistentVolumeClaim: {claimName: "{username}"}}
      volume_mounts:
        ca: {name: company-ca, mountPath: /etc/image-matrix/ca, readOnly: true}
        shared: {name: "shared-{username}", mountPath: /shared}
        home: {name: home, mountPath: /data, subPath: data}
"""
CA = {"name": "company-ca", "configMap": {"name": "company-ca"}}
CA_MOUNT = {"name": "company-ca", "mountPath": "/etc/image-matrix/ca", "readOnly": True}
GROUPS = """
sites: {kubeflow: {kubeflow: {notebooks: 2, group_label: workspace_team}}}
profiles:
  gpu: {groups: [research, teaching]}
  shared: {display_name: Shared, images: [jupyter-scipy], sizes: [large], groups: [staff]}
"""


def labels_of(kind: dict[str, Any], option: str) -> dict[str, dict[str, str]]:
    values = kind["spec"]["podTemplate"]["options"][option]["values"]
    return {
        item["id"].partition("_")[0]: {label["key"]: label["value"] for label in item["spawner"]["labels"]}
        for item in values
    }


@pytest.mark.parametrize(
    ("namespace", "images", "pods"),
    [
        ({}, {"jupyter-scipy"}, {"small", "large"}),
        ({"workspace_team": "staff"}, {"jupyter-scipy"}, {"small", "large"}),
        ({"workspace_team": "research"}, {"jupyter-scipy", "jupyter-cuda"}, {"small", "large", "gpu"}),
    ],
)
def test_what_is_for_groups_is_for_their_namespaces(
    namespace: dict[str, str], images: set[str], pods: set[str]
) -> None:
    (kind,) = released(deployed(small(GROUPS)))
    of_images, of_pods = labels_of(kind, "imageConfig"), labels_of(kind, "podConfig")
    allowed = {
        name for name, labels in of_images.items() if not denied(kind, labels, {}, namespace, "IMAGE_CONFIG")
    }
    assert allowed == images
    assert {name for name, labels in of_pods.items() if not denied(kind, {}, labels, namespace)} == pods
    assert not denied(kind, {}, {}, namespace, "WORKSPACE_KIND")


def test_a_kind_of_which_all_is_for_groups_is_theirs() -> None:
    at_root = "sites: {kubeflow: {kubeflow: {group_one: [jupyter-cuda]}}}"
    kinds = {kind["metadata"]["name"]: kind for kind in released(deployed(small(GROUPS, at_root)))}
    assert denied(kinds["notebooks-at-root"], {}, {}, {}, "WORKSPACE_KIND")
    research = {"workspace_team": "research"}
    assert not denied(kinds["notebooks-at-root"], {}, {}, research, "WORKSPACE_KIND")
    assert not denied(kinds["notebooks"], {}, {}, {}, "WORKSPACE_KIND")


def test_without_a_label_what_is_for_groups_is_left_out() -> None:
    files = deployed(small("profiles: {gpu: {groups: [research]}}"))
    for path in ("notebooks-1/form/spawner_ui_config.yaml", "notebooks-2/workspacekind.yaml"):
        text = files[f"deploy/kubeflow/kubeflow/{path}"]
        assert "jupyter-scipy" in text
        assert "jupyter-cuda" not in text
        assert "nvidia.com" not in text


def test_what_only_deprecated_profiles_have_is_hidden() -> None:
    files = deployed(small("profiles: {gpu: {deprecated: {successor: data-science}}}"))
    (kind,) = released(files)
    hidden = {name for name, item in images(kind).items() if item["spawner"].get("hidden")}
    assert {name.partition("_")[0] for name in hidden} == {"jupyter-cuda"}
    pods = kind["spec"]["podTemplate"]["options"]["podConfig"]["values"]
    assert [item["id"].partition("_")[0] for item in pods if item["spawner"].get("hidden")] == ["gpu"]
    assert "jupyter-cuda" not in files["deploy/kubeflow/kubeflow/notebooks-1/form/spawner_ui_config.yaml"]


def test_variables_of_all_profiles_reach_a_kind() -> None:
    overlay = """
defaults: {profiles: {env: {TEAM: science, JSON: '{{{{"a": 1}}}}'}}}
profiles: {gpu: {env: {MORE: "1"}}}
"""
    (kind,) = released(deployed(small(overlay)))
    variables = {item["name"]: item["value"] for item in kind["spec"]["podTemplate"]["extraEnv"]}
    assert variables.keys() == {"NB_PREFIX", "TEAM", "JSON"}
    assert variables["JSON"] == '{{ "{{" }}"a": 1}}'  # Kubeflow fills in what is in doubled braces


def test_volumes_of_all_profiles_reach_a_kind() -> None:
    (kind,) = released(deployed(small(CLOSED_NETWORK)))
    template = kind["spec"]["podTemplate"]
    assert template["extraVolumes"][1:] == [CA]
    assert template["extraVolumeMounts"][1:] == [CA_MOUNT]


def test_a_mount_of_one_profile_reaches_no_kind_of_several() -> None:
    elsewhere = "profiles: {gpu: {kubespawner_override: {volume_mounts: {ca: {mountPath: /elsewhere}}}}}"
    (kind,) = released(deployed(small(CLOSED_NETWORK, elsewhere)))
    assert len(kind["spec"]["podTemplate"]["extraVolumeMounts"]) == 1


def test_the_preselected_choice_is_for_everybody_and_fits() -> None:
    overlay = """
sites: {kubeflow: {kubeflow: {notebooks: 2, group_label: workspace_team}}}
profiles: {gpu: {order: 1, default: true, groups: [research]}}
"""
    (kind,) = released(deployed(small(overlay)))
    preselected = {
        option: value["spawner"]["default"]
        for option, value in kind["spec"]["podTemplate"]["options"].items()
    }
    assert preselected["imageConfig"].startswith("jupyter-scipy_python3-13_")
    assert preselected["podConfig"].startswith("small_")


def test_pods_say_what_they_have() -> None:
    (kind,) = released(deployed(small()))
    labels = labels_of(kind, "podConfig")
    assert labels["small"] == {"accelerator": "none", "cpu": "500m", "memory": "1Gi"}
    assert labels["gpu"] == {"accelerator": "nvidia.com", "cpu": "8000m", "memory": "32Gi", "gpu": "1"}


CHOICES = """
sites: {kubeflow: {node_selector: {pool: users}, kubeflow: {notebooks: 2, group_label: workspace_team}}}
sources: {pangeo: {image: "quay.io/pangeo/pangeo-notebook:2026.10.01", provides: {jupyterhub: "5.4"}}}
profiles:
  data-science:
    images:
      ours: {image: jupyter, groups: [research], default: true}
      scipy: jupyter-scipy
      before: {image: jupyter-scipy, release: previous}
      pangeo: pangeo
      own: none
    sizes: {large: {size: large, groups: [research], default: true}, small: small}
  gpu: {groups: [research, teaching], images: {cuda: {image: jupyter-cuda, groups: [teaching]}}}
"""


@pytest.mark.parametrize(
    ("group", "images", "pods"),
    [
        ("", {"jupyter-scipy"}, {"small"}),
        ("research", {"jupyter-scipy", "jupyter"}, {"small", "large", "gpu"}),
        ("teaching", {"jupyter-scipy", "jupyter-cuda"}, {"small", "gpu"}),
    ],
)
def test_choices_for_groups_are_for_their_namespaces(group: str, images: set[str], pods: set[str]) -> None:
    (kind,) = released(deployed(small(CHOICES)))
    namespace = {"workspace_team": group} if group else {}
    of_images, of_pods = labels_of(kind, "imageConfig"), labels_of(kind, "podConfig")
    assert of_images.keys() == {"jupyter", "jupyter-scipy", "jupyter-cuda"}
    allowed = {
        name for name, labels in of_images.items() if not denied(kind, labels, {}, namespace, "IMAGE_CONFIG")
    }
    assert allowed == images
    assert {name for name, labels in of_pods.items() if not denied(kind, {}, labels, namespace)} == pods


def test_what_is_preselected_is_for_everybody() -> None:
    (kind,) = released(deployed(small(CHOICES)))
    options = kind["spec"]["podTemplate"]["options"]
    assert options["imageConfig"]["spawner"]["default"].startswith("jupyter-scipy_")
    assert options["podConfig"]["spawner"]["default"].startswith("small_")
    assert all(item["spec"]["nodeSelector"] == {"pool": "users"} for item in options["podConfig"]["values"])
