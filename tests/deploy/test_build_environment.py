"""What users' pods have of their site's BuildKit, on every platform."""

from __future__ import annotations

from typing import Any

from tests import yaml_files
from tests.deploy.support import deployed, small

ADDRESS = {"name": "BUILDKIT_HOST", "value": "tcp://buildkitd.buildkit.svc:1234"}
SECRET = {"name": "buildkit-client", "secret": {"secretName": "users-tls", "optional": True}}
MOUNT = {"name": "buildkit-client", "mountPath": "/etc/image-matrix/buildkit", "readOnly": True}
TLS = "{tls: server, client_tls: users-tls}"
VALUES = "deploy/hub/jupyterhub/values.yaml"
POD_DEFAULTS = "deploy/kubeflow/kubeflow/notebooks-1/pod-defaults/poddefaults.yaml"
FORM = "deploy/kubeflow/kubeflow/notebooks-1/form/spawner_ui_config.yaml"
KINDS = "deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"


def files(buildkit: str, *overlays: str) -> dict[str, list[Any]]:
    """The files of a hub and a Kubeflow that have this BuildKit."""
    sites = f"sites: {{hub: {{buildkit: {buildkit}}}, kubeflow: {{buildkit: {buildkit}}}}}"
    texts = deployed(small(sites, *overlays))
    return {path: list(yaml_files.load_all(texts[path])) for path in (VALUES, POD_DEFAULTS, FORM, KINDS)}


def preselected(form: list[Any]) -> list[str]:
    return list(form[0]["spawnerFormDefaults"]["configurations"]["value"])


def test_every_pod_of_a_site_knows_the_address() -> None:
    rendered = files("{}")
    assert rendered[VALUES][0]["singleuser"]["extraEnv"] == {ADDRESS["name"]: ADDRESS["value"]}
    assert "storage" not in rendered[VALUES][0]["singleuser"]
    (pod_default,) = rendered[POD_DEFAULTS]
    assert pod_default["spec"]["env"] == [ADDRESS]
    assert "volumes" not in pod_default["spec"]
    assert preselected(rendered[FORM]) == [*pod_default["spec"]["selector"]["matchLabels"]]
    assert all(ADDRESS in kind["spec"]["podTemplate"]["extraEnv"] for kind in rendered[KINDS])


def test_a_buildkit_that_is_there_already_has_its_own_address() -> None:
    rendered = files("{endpoint: 'tcp://build.example.org:9000'}")
    assert rendered[VALUES][0]["singleuser"]["extraEnv"] == {"BUILDKIT_HOST": "tcp://build.example.org:9000"}
    assert "deploy/hub/buildkit/statefulset.yaml" not in rendered
    assert "networkPolicy" not in rendered[VALUES][0]["singleuser"]


def test_the_charts_policy_lets_users_pods_reach_the_pod_of_buildkit() -> None:
    """By default it lets them reach no private address."""
    texts = deployed(small("sites: {hub: {buildkit: {namespace: builders}}}"))
    ((rule,),) = (
        item["singleuser"]["networkPolicy"]["egress"] for item in yaml_files.load_all(texts[VALUES])
    )
    (peer,), (port,) = rule["to"], rule["ports"]
    (service,) = yaml_files.load_all(texts["deploy/hub/buildkit/service.yaml"])
    (pod,) = yaml_files.load_all(texts["deploy/hub/buildkit/statefulset.yaml"])
    labels = pod["spec"]["template"]["metadata"]["labels"]
    assert peer["podSelector"]["matchLabels"].items() <= labels.items()
    assert peer["namespaceSelector"]["matchLabels"] == {
        "kubernetes.io/metadata.name": service["metadata"]["namespace"]
    }
    assert service["metadata"]["namespace"] == "builders"
    (listening,) = pod["spec"]["template"]["spec"]["containers"][0]["ports"]
    assert port == {"protocol": listening["protocol"], "port": listening["containerPort"]}


def test_the_secret_of_clients_is_mounted() -> None:
    rendered = files(TLS)
    storage = rendered[VALUES][0]["singleuser"]["storage"]
    assert storage == {
        "extraVolumes": {"buildkit-client": SECRET},
        "extraVolumeMounts": {"buildkit-client": MOUNT},
    }
    spec = rendered[POD_DEFAULTS][0]["spec"]
    assert (spec["volumes"], spec["volumeMounts"]) == ([SECRET], [MOUNT])
    for kind in rendered[KINDS]:
        template = kind["spec"]["podTemplate"]
        assert SECRET in template["extraVolumes"]
        assert MOUNT in template["extraVolumeMounts"]


def test_a_chart_without_mappings_gets_lists() -> None:
    rendered = files(TLS, "sites: {hub: {chart: '4.2.0'}}")
    storage = rendered[VALUES][0]["singleuser"]["storage"]
    assert storage == {"extraVolumes": [SECRET], "extraVolumeMounts": [MOUNT]}


def test_a_profile_may_name_another() -> None:
    """Kubeflow's webhook refuses a pod that would get one variable twice, so only one PodDefault is preselected."""
    mine = "profiles: {data-science: {env: {BUILDKIT_HOST: 'tcp://mine:1'}}}"
    rendered = files("{}", mine)
    assert preselected(rendered[FORM]) == ["image-matrix/data-science"]
    assert [item["metadata"]["name"] for item in rendered[POD_DEFAULTS]] == [
        "data-science",
        "buildkit-client",
    ]
    entry = next(
        item for item in rendered[VALUES][0]["singleuser"]["profileList"] if item["slug"] == "data-science"
    )
    assert entry["kubespawner_override"]["environment"] == {"BUILDKIT_HOST": "tcp://mine:1"}


def test_without_one_nothing_is_set() -> None:
    texts = deployed(small())
    assert not [path for path, text in texts.items() if "BUILDKIT" in text.upper()]
