"""A BuildKit for a cluster, and builds in it: Kubernetes' own schemas, kustomize, and what the pods may do."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from image_matrix.config.buildkit_needs import HEADINGS, PARTS, every_need
from image_matrix.lock.pins import Pins
from image_matrix.pinned.actions import image, rootless_image
from image_matrix.project.load import load
from image_matrix.project.render import render_deploy
from tests import yaml_files
from tests.deploy.support import ROOT, deployed, small
from tests.deploy.test_kustomize import objects, write
from tests.environments import python_of

ROOTLESS = "sites: {hub: {buildkit: {}}}"
EVERYTHING = Path(__file__).with_name("buildkit.yaml").read_text(encoding="utf-8")
USER_NAMESPACES = "sites: {hub: {buildkit: {host_users: false, openshift: true, snapshotter: overlayfs}}}"
SITES = (ROOTLESS, EVERYTHING, USER_NAMESPACES)


def manifests(*overlays: str) -> dict[str, list[dict[str, Any]]]:
    """Path below the site's folder to the objects of the file."""
    files = deployed(small(*overlays))
    return {
        path.removeprefix("deploy/hub/"): list(yaml_files.load_all(text))
        for path, text in files.items()
        if path.startswith(("deploy/hub/buildkit/", "deploy/hub/builds/"))
    }


def found(overlay: str, kind: str) -> dict[str, Any]:
    every = [item for items in manifests(overlay).values() for item in items]
    return next(item for item in every if item["kind"] == kind)


def settings(overlay: str) -> dict[str, Any]:
    return tomllib.loads(found(overlay, "ConfigMap")["data"]["buildkitd.toml"])


def pod(overlay: str) -> dict[str, Any]:
    spec: dict[str, Any] = found(overlay, "StatefulSet")["spec"]["template"]["spec"]
    return spec


@pytest.mark.slow
@pytest.mark.parametrize("overlay", SITES)
@pytest.mark.parametrize("version", ["1.30", "1.37"])
def test_kubernetes_knows_every_field(overlay: str, version: str) -> None:
    foreign = ("security.openshift.io", "external-secrets.io", "kustomize.config.k8s.io")
    every = [item for items in manifests(overlay).values() for item in items]
    ours = [item for item in every if not item["apiVersion"].startswith(foreign)]
    code = (
        "import json, sys, kubernetes_validate as k\n"
        "for item in json.load(sys.stdin): k.validate(item, sys.argv[1], strict=True)"
    )
    command = [str(python_of("kubernetes")), "-W", "ignore", "-c", code, version]
    done = subprocess.run(command, input=json.dumps(ours), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(ours) >= 7


@pytest.mark.slow
@pytest.mark.parametrize("overlay", SITES)
def test_kustomize_builds_each_folder(tmp_path: Path, overlay: str) -> None:
    files = deployed(small(overlay))
    write(files, tmp_path)
    folders = {"buildkit": 7, "builds": 4, "builds/job": 1} if overlay is EVERYTHING else {"buildkit": 7}
    extra = 0 if overlay is ROOTLESS else 3
    for folder, count in folders.items():
        built = objects(tmp_path / "deploy" / "hub" / folder)
        assert len(built) == count + (extra if folder == "buildkit" else 0)
        assert all(item["metadata"].get("namespace") for item in built if item["kind"] not in CLUSTER)


CLUSTER = ("Namespace", "SecurityContextConstraints")


def test_a_site_without_profiles_has_its_buildkit() -> None:
    text = """
version: 1
registry: ghcr.io/team/images
workflow: none
sources: {debian: "docker.io/library/debian:trixie-slim"}
images: {tool: {from: debian}}
sites: {hub: {buildkit: {}}}
"""
    loaded = load({"matrix.yaml": text}, [])
    files = render_deploy(loaded, {}, Pins())
    assert {path.rpartition("/")[0] for path in files} == {"deploy/hub/buildkit"}


def test_a_site_for_builds_alone_needs_neither_profiles_nor_a_chart() -> None:
    overlay = "profiles: {data-science: {sites: [hub]}, gpu: {sites: [hub]}}\nsites: {builds: {buildkit: {}}}"
    files = deployed(small(overlay, "sites: {kubeflow: null}"))
    assert {path.split("/")[2] for path in files if path.startswith("deploy/builds/")} == {"buildkit"}


def test_a_buildkit_that_is_there_already_has_no_manifests() -> None:
    assert manifests('sites: {hub: {buildkit: {endpoint: "tcp://buildkit.example.org:1234"}}}') == {}


def test_rootless_is_an_ordinary_user_without_seccomps_filter() -> None:
    (container,) = pod(ROOTLESS)["containers"]
    security = container["securityContext"]
    assert container["image"] == rootless_image("docker.io/moby/buildkit")
    assert (security["runAsUser"], security["privileged"]) == (1000, False)
    assert security["seccompProfile"] == security["appArmorProfile"] == {"type": "Unconfined"}
    assert "hostUsers" not in pod(ROOTLESS)
    assert settings(ROOTLESS)["worker"]["oci"]["noProcessSandbox"] is True


def test_root_of_a_user_namespace_is_nobody_on_the_node() -> None:
    spec = pod(USER_NAMESPACES)
    (container,) = spec["containers"]
    assert spec["hostUsers"] is False
    assert container["image"] == image("docker.io/moby/buildkit")
    assert container["securityContext"]["privileged"] is True
    oci = settings(USER_NAMESPACES)["worker"]["oci"]
    assert "noProcessSandbox" not in oci
    assert oci["snapshotter"] == "overlayfs"


@pytest.mark.parametrize("overlay", SITES)
def test_what_the_settings_name_is_mounted(overlay: str) -> None:
    spec, toml = pod(overlay), settings(overlay)
    (container,) = spec["containers"]
    mounts = {item["mountPath"]: item["name"] for item in container["volumeMounts"]}
    volumes = {item["name"] for item in spec["volumes"]} | {"cache"}
    assert set(mounts.values()) <= volumes
    assert toml["root"].rpartition("/")[0] in mounts
    for file in toml["grpc"].get("tls", {}).values():
        assert file.rpartition("/")[0] in mounts
    assert not any(one != other and one.startswith(f"{other}/") for one in mounts for other in mounts)
    sockets = [address for address in toml["grpc"]["address"] if address.startswith("unix://")]
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["exec"]["command"][:3] == ["buildctl", "--addr", *sockets]


def test_the_pod_has_what_the_matrix_says() -> None:
    spec = pod(EVERYTHING)
    (container,) = spec["containers"]
    assert container["image"].startswith("mirror.example.org/hub/moby/buildkit:v")
    assert container["resources"] == {
        "requests": {"cpu": "0.5", "memory": "2Gi"},
        "limits": {"cpu": "8", "memory": "16Gi", "devices.example.org/fuse": "1"},
    }
    assert spec["nodeSelector"] == {"pool": "builds"}
    assert spec["tolerations"] == [{"key": "builds", "operator": "Exists"}]
    assert spec["imagePullSecrets"] == [{"name": "mirror"}]
    (claim,) = found(EVERYTHING, "StatefulSet")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["storageClassName"] == "fast"
    assert claim["spec"]["resources"]["requests"]["storage"] == "200Gi"
    environment = {item["name"]: item.get("value", item.get("valueFrom")) for item in container["env"]}
    assert environment == {
        "SSL_CERT_DIR": "/etc/ssl/certs:/etc/buildkit-ca",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_SERVICE_NAME": "buildkitd",
        "OTEL_EXPORTER_OTLP_HEADERS": {"secretKeyRef": {"name": "otel", "key": "headers"}},
    }


def test_the_settings_of_the_matrix_reach_buildkitd() -> None:
    toml = settings(EVERYTHING)
    assert toml["registry"]["docker.io"] == {"mirrors": ["mirror.example.org/hub"]}
    assert toml["grpc"]["tls"]["ca"] == "/etc/buildkit-tls/ca.crt"
    unused, shared, everything = toml["worker"]["oci"]["gcpolicy"]
    space = {"reservedSpace": "20GiB", "maxUsedSpace": "150GiB", "minFreeSpace": "5%"}
    assert (unused, shared, everything) == (
        {"all": True, "keepDuration": "72h"},
        space,
        {"all": True, **space},
    )


def test_hosts_that_are_trusted_and_the_proxy_reach_the_pods() -> None:
    network = """
network:
  trusted_hosts: ["registry.example.org:5000"]
  proxy: {http: "http://proxy:3128", https: env://PROXY_WITH_PASSWORD, no_proxy: [.example.org]}
"""
    overlay = EVERYTHING.partition("sites:")[2]
    text = f"{network}\nsites:{overlay}"
    assert settings(text)["registry"]["registry.example.org:5000"] == {"http": True, "insecure": True}
    (build,) = found(text, "CronJob")["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    for container in (*pod(text)["containers"], build):
        values = {item["name"]: item.get("value") for item in container["env"]}
        assert values["HTTP_PROXY"] == values["http_proxy"] == "http://proxy:3128"
        assert {".example.org", ".svc", ".cluster.local"} <= set(values["NO_PROXY"].split(","))
        assert "HTTPS_PROXY" not in values  # its address is a secret


def test_no_policy_is_without_a_limit() -> None:
    """BuildKit takes a policy without any for "remove everything"."""
    for policy in settings(ROOTLESS)["worker"]["oci"]["gcpolicy"]:
        assert {"keepDuration", "maxUsedSpace"} & policy.keys()


def test_other_settings_start_the_pod_again() -> None:
    def mark(overlay: str) -> str:
        metadata = found(overlay, "StatefulSet")["spec"]["template"]["metadata"]
        return str(metadata["annotations"]["image-matrix/buildkitd.toml"])

    other = "sites: {hub: {buildkit: {cache: {max_used_space: 70%}}}}"
    assert mark(ROOTLESS) == mark(ROOTLESS) != mark(other)


@pytest.mark.parametrize(
    ("spawner", "peer"),
    [
        (
            "jupyterhub",
            {
                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "jupyterhub"}},
                "podSelector": {"matchLabels": {"component": "singleuser-server"}},
            },
        ),
        (
            "kubeflow",
            {"namespaceSelector": {"matchLabels": {"app.kubernetes.io/part-of": "kubeflow-profile"}}},
        ),
        ("opendatahub", {"namespaceSelector": {"matchLabels": {"opendatahub.io/dashboard": "true"}}}),
    ],
)
def test_users_pods_may_connect(spawner: str, peer: dict[str, Any]) -> None:
    version = "5.5.0" if spawner == "jupyterhub" else "null"
    overlay = f"sites: {{hub: {{jupyterhub: {version}, spawner: {spawner}, buildkit: {{}}}}}}"
    policy = found(overlay, "NetworkPolicy")["spec"]
    assert policy["ingress"] == [{"from": [peer], "ports": [{"protocol": "TCP", "port": 1234}]}]
    assert policy["podSelector"]["matchLabels"] == found(ROOTLESS, "Service")["spec"]["selector"]


def test_other_clients_and_builds_may_connect() -> None:
    (rule,) = found(EVERYTHING, "NetworkPolicy")["spec"]["ingress"]
    assert rule["from"] == [
        {
            "namespaceSelector": {"matchLabels": {"team": "yes"}},
            "podSelector": {"matchLabels": {"builds": "images"}},
        },
        {"namespaceSelector": {"matchLabels": {"team": "no-pods"}}},
        {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "image-builds"}}},
    ]


def test_openshift_lets_this_account_alone_use_its_constraints() -> None:
    constraints, role, binding = manifests(EVERYTHING)["buildkit/openshift.yaml"]
    assert constraints["allowPrivilegedContainer"] is False
    assert constraints["runAsUser"] == {"type": "MustRunAs", "uid": 1000}
    assert constraints["users"] == constraints["groups"] == []
    assert role["rules"][0]["resourceNames"] == [constraints["metadata"]["name"]]
    (subject,) = binding["subjects"]
    assert subject["name"] == pod(EVERYTHING)["serviceAccountName"]
    annotations = found(EVERYTHING, "StatefulSet")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["io.kubernetes.cri-o.Devices"] == "/dev/fuse"
    nested, _, _ = manifests(USER_NAMESPACES)["buildkit/openshift.yaml"]
    assert nested["userNamespaceLevel"] == "RequirePodLevel"


def test_openshift_is_usual_where_open_data_hub_is() -> None:
    assert "buildkit/openshift.yaml" in manifests(
        "sites: {hub: {jupyterhub: null, spawner: opendatahub, buildkit: {}}}"
    )
    off = "sites: {hub: {jupyterhub: null, spawner: opendatahub, buildkit: {openshift: false}}}"
    assert "buildkit/openshift.yaml" not in manifests(off)


def test_namespaces_have_the_standard_that_their_pods_need() -> None:
    files = manifests(EVERYTHING)
    labels = {
        folder: files[f"{folder}/namespace.yaml"][0]["metadata"]["labels"]
        for folder in ("buildkit", "builds")
    }
    name = "pod-security.kubernetes.io/enforce"
    assert (labels["buildkit"][name], labels["builds"][name]) == ("privileged", "restricted")


def test_the_table_of_the_page_is_that_of_the_data() -> None:
    page = (ROOT / "docs" / "buildkit.md").read_text(encoding="utf-8")
    for setting, needs in every_need().items():
        for need in needs:
            assert f"| {HEADINGS[setting]} | {PARTS[need.part]} {need.version} | {need.why} |" in page


def test_the_sections_of_the_page_are_sites() -> None:
    page = (ROOT / "docs" / "buildkit.md").read_text(encoding="utf-8")
    sections = [text.split("```")[0] for text in page.split("```yaml\n")[1:]]
    sources = "sources: {builder: ghcr.io/example/builder:1}\nsites: {hub: {chart: 4.4.0, jupyterhub: null}}"
    folders = {path.split("/")[0] for text in sections for path in manifests(text, sources)}
    assert len(sections) == 3
    assert folders == {"buildkit", "builds"}
