"""What is emitted, against the schemas of those who read it (``../shared/schemas``; CI has them)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from image_matrix.publish.signing import ISSUER, release_identity
from image_matrix.render.kubernetes.outputs import deploy_files
from tests import yaml_files
from tests.deploy.support import ROOT, deployed, reference, references, small
from tests.deploy.test_spawner_ui import OVERRIDES
from tests.deploy.test_workspace_kind import CLOSED_NETWORK, GROUPS, released

SCHEMAS = ROOT.parent / "shared" / "schemas"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason=f"no {SCHEMAS}: upstream schemas are not here"
)


def schema(name: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    return made


def partial(node: Any) -> Any:
    """The same schema for values before the chart's defaults are merged in: nothing is required."""
    if isinstance(node, dict):
        return {
            key: partial(item) for key, item in node.items() if key != "required" or isinstance(item, dict)
        }
    return [partial(item) for item in node] if isinstance(node, list) else node


def documents(text: str) -> list[Any]:
    return list(yaml_files.load_all(text))


@needs_schemas
@pytest.mark.parametrize("digest", ["", "a"])
def test_values_fit_the_chart(digest: str) -> None:
    values = yaml_files.load(deployed(reference(), digest=digest)["deploy/hub/jupyterhub/values.yaml"])
    jsonschema.validate(values, partial(schema("z2jh-values.schema.json")))


@needs_schemas
def test_values_with_groups_fit_the_chart() -> None:
    loaded = small("profiles: {gpu: {groups: [research]}}")
    values = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    jsonschema.validate(values, partial(schema("z2jh-values.schema.json")))
    code = values["hub"]["extraConfig"]["image-matrix-profiles"]
    compile(code, "extraConfig", "exec")


@needs_schemas
def test_the_example_release_is_a_helm_release() -> None:
    repository, release = documents(deployed(reference())["deploy/hub/helmrelease.example.yaml"])
    assert repository["kind"] == "HelmRepository"
    jsonschema.validate(release, schema("helmrelease-helm-v2.json"))
    jsonschema.validate(release["spec"]["values"], partial(schema("z2jh-values.schema.json")))


def blocks(page: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return [block.split("```")[0] for block in text.split("```yaml\n")[1:]]


def manifests() -> list[dict[str, Any]]:
    """What a reader of docs/flux.md puts into three files."""
    return [item for block in blocks("flux.md")[:3] for item in documents(block)]


def test_manifests_in_the_documentation_need_nothing_else() -> None:
    found = manifests()
    there = {
        (item["kind"], item["metadata"]["name"], item["metadata"].get("namespace")) for item in found
    } | {("Namespace", "flux-system", None)}
    files = deployed(reference())
    there |= {
        (item["kind"], item["metadata"]["name"], item["metadata"].get("namespace"))
        for path in ("deploy/hub/jupyterhub/configmap.yaml", "deploy/hub/prepull/daemonsets.yaml")
        for item in documents(files[path])
    }
    wanted = [("Namespace", namespace, None) for _, _, namespace in there if namespace]
    for item in found:
        spec, namespace = item.get("spec", {}), item["metadata"].get("namespace")
        sources = [spec.get("sourceRef"), spec.get("chart", {}).get("spec", {}).get("sourceRef")]
        wanted += [
            (ref["kind"], ref["name"], namespace) for ref in (*sources, *spec.get("valuesFrom", ())) if ref
        ]
    assert len(wanted) > 5
    assert set(wanted) <= there
    example = documents(files["deploy/hub/helmrelease.example.yaml"])
    assert [item for item in found if item["kind"].startswith("Helm")] == example


@needs_schemas
def test_manifests_in_the_documentation_are_valid() -> None:
    """The three files of docs/flux.md are what a reader copies."""
    found = manifests()
    for kind, name, count in (
        ("GitRepository", "gitrepository-source-v1.json", 1),
        ("Kustomization", "kustomization-kustomize-v1.json", 2),
        ("HelmRelease", "helmrelease-helm-v2.json", 1),
    ):
        alike = [item for item in found if item["kind"] == kind]
        assert len(alike) == count
        for item in alike:
            jsonschema.validate(item, schema(name))


@needs_schemas
def test_what_follows_a_channel_or_versions_is_valid() -> None:
    every = [item for block in blocks("flux.md")[3:] for item in documents(block)]
    followed = [item for item in every if item.get("kind") == "GitRepository"]
    assert [[*item["spec"]["ref"]] for item in followed] == [["branch"], ["semver"]]
    for item in followed:
        jsonschema.validate(item, schema("gitrepository-source-v1.json"))


@needs_schemas
def test_what_follows_a_registry_is_valid_and_names_what_is_there() -> None:
    """An artifact has the content of deploy/, at its top."""
    every = [item for block in blocks("flux.md")[3:] for item in documents(block)]
    source, by_key = (item for item in every if item.get("kind") == "OCIRepository")
    for item in (source, by_key):
        jsonschema.validate(item, schema("ocirepository-source-v1.json"))
    assert source["metadata"] == by_key["metadata"]
    (secret,) = (item for item in every if item.get("kind") == "Secret")
    assert by_key["spec"]["verify"]["secretRef"] == {"name": secret["metadata"]["name"]}
    assert secret["metadata"]["namespace"] == by_key["metadata"]["namespace"]
    (matcher,) = source["spec"]["verify"]["matchOIDCIdentity"]
    identity = release_identity(
        {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "example/notebooks"}, "main"
    )
    assert re.search(matcher["issuer"], ISSUER)
    assert re.search(matcher["subject"], str(identity))
    followers = [item for item in every if item.get("kind") == "Kustomization" and "spec" in item]
    files = deployed(reference())
    assert len(followers) == 2
    for item in followers:
        jsonschema.validate(item, schema("kustomization-kustomize-v1.json"))
        assert item["spec"]["sourceRef"] == {"kind": source["kind"], "name": source["metadata"]["name"]}
        assert any(path.startswith(f"deploy/{item['spec']['path'].removeprefix('./')}/") for path in files)


def test_images_are_pulled_before_they_are_offered() -> None:
    first, second = (item for item in manifests() if item["kind"] == "Kustomization")
    assert second["spec"]["dependsOn"] == [{"name": first["metadata"]["name"]}]
    assert first["spec"]["wait"]
    folders = {str(Path(path).parent) for path in deployed(reference())}
    for item in (first, second):
        assert item["spec"]["path"].removeprefix("./") in folders


@needs_schemas
def test_a_release_in_another_namespace_finds_its_values_and_its_pods() -> None:
    (section,) = (item for block in blocks("flux.md") for item in documents(block) if "sites" in item)
    files = deployed(small("sites: {hub: {jupyterhub: null}}", json.dumps(section)))
    repository, release = documents(files["deploy/hub/helmrelease.example.yaml"])
    jsonschema.validate(release, schema("helmrelease-helm-v2.json"))
    (config,) = documents(files["deploy/hub/jupyterhub/configmap.yaml"])
    spaces = {item["metadata"]["namespace"] for item in (repository, release, config)}
    assert spaces == {"flux-system"}
    pulling = documents(files["deploy/hub/prepull/daemonsets.yaml"])
    assert {item["metadata"]["namespace"] for item in pulling} == {release["spec"]["targetNamespace"]}


def test_two_hubs_whose_releases_stand_in_one_namespace_have_two_records_of_helm() -> None:
    """Helm finds the record of a release by its namespace and its name; the second would upgrade the first."""
    site = "{{namespace: {0}, configmap: {{name: {0}, namespace: flux-system}}}}"
    sites = {name: site.format(name) for name in ("research", "teaching")}
    listed = ", ".join(f"{name}: {text}" for name, text in sites.items())
    files = deployed(small(f"sites: {{hub: null, {listed}}}", "defaults: {sites: {chart: 4.4.0}}"))
    specs = [documents(files[f"deploy/{name}/helmrelease.example.yaml"])[1]["spec"] for name in sites]
    records = {(spec["storageNamespace"], spec["releaseName"]) for spec in specs}
    assert records == {("research", "jupyterhub"), ("teaching", "jupyterhub")}


@needs_schemas
def test_the_page_about_helm_names_what_is_there() -> None:
    chart, *applications = [item for block in blocks("helm.md") for item in documents(block)]
    jsonschema.validate(chart, partial(schema("z2jh-values.schema.json")))
    files = deployed(reference())
    (_, release) = documents(files["deploy/hub/helmrelease.example.yaml"])
    assert chart == release["spec"]["values"]
    pulled, hub = (item["spec"] for item in applications)
    assert f"{pulled['source']['path']}/kustomization.yaml" in files
    (first, second) = hub["sources"]
    assert first["helm"]["valueFiles"][0].removeprefix(f"${second['ref']}/") in files
    assert first["helm"]["valuesObject"] == chart
    assert first["targetRevision"] == release["spec"]["chart"]["spec"]["version"]


@needs_schemas
def test_values_with_the_nodes_and_pull_secrets_of_a_site_fit_the_chart() -> None:
    loaded = small("sites: {hub: {node_selector: {pool: users}, pull_secrets: [login]}}")
    values = yaml_files.load(deployed(loaded)["deploy/hub/jupyterhub/values.yaml"])
    jsonschema.validate(values, partial(schema("z2jh-values.schema.json")))


@needs_schemas
def test_manifests_for_kubeflow_are_valid() -> None:
    schemas = {
        "GitRepository": "gitrepository-source-v1.json",
        "Kustomization": "kustomization-kustomize-v1.json",
    }
    found = [item for block in blocks("kubeflow.md") for item in documents(block) if "kind" in item]
    assert {item["kind"] for item in found} == schemas.keys()
    for item in found:
        jsonschema.validate(item, schema(schemas[item["kind"]]))


@needs_schemas
@pytest.mark.parametrize("digest", ["", "a"])
def test_workspace_kinds_are_workspace_kinds(digest: str) -> None:
    for kind in documents(
        deployed(reference(), digest=digest)["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"]
    ):
        jsonschema.validate(kind, schema("workspacekind-kubeflow-v1beta1.json"))


@needs_schemas
@pytest.mark.parametrize(
    "overlay", [GROUPS, OVERRIDES, CLOSED_NETWORK], ids=["groups", "overrides", "volumes"]
)
def test_workspace_kinds_of_rich_profiles_are_workspace_kinds(overlay: str) -> None:
    for kind in released(deployed(small(overlay))):
        jsonschema.validate(kind, schema("workspacekind-kubeflow-v1beta1.json"))


@needs_schemas
def test_workspace_kinds_after_a_release_are_workspace_kinds() -> None:
    loaded = reference()
    old = released(deployed(loaded, mark="aaaaaaaaaaaa"))
    files = deploy_files(loaded.matrix, loaded.variants, references(loaded), {"kubeflow": old})
    for kind in documents(files["deploy/kubeflow/kubeflow/notebooks-2/workspacekind.yaml"].content.decode()):
        jsonschema.validate(kind, schema("workspacekind-kubeflow-v1beta1.json"))


def test_schemas_refuse_what_is_wrong() -> None:
    """The schemas are strict enough to find a key that a cluster would drop."""
    if not Path(SCHEMAS).is_dir():
        pytest.skip("upstream schemas are not here")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"singleuser": {"profilelist": []}}, partial(schema("z2jh-values.schema.json")))
