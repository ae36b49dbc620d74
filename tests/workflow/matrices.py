"""Matrices of every shape that a workflow is generated from."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from image_matrix.project.inputs import read_templates
from image_matrix.project.load import load
from image_matrix.project.render import render_workflows
from tests import yaml_files

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.output_tree.files import File

HOME = Path(__file__).parent.parent.parent
TEMPLATES = read_templates(HOME)
BOTH = ["linux/amd64", "linux/arm64"]
ONE_PLATFORM = {"images": {"platforms": ["linux/amd64"]}}


def matrix(images: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "registry": "ghcr.io/example/notebooks",
        "defaults": {"images": {"platforms": BOTH}},
        "sources": {"debian": "docker.io/library/debian:trixie-slim"},
        "images": images,
        **more,
        "workflow": {"generator": ".[locked]", "jobs": "image", **more.get("workflow", {})},
    }


def reference() -> dict[str, Any]:
    found: dict[str, Any] = yaml_files.load((HOME / "matrix.yaml").read_text(encoding="utf-8"))
    return found


def times(count: int) -> dict[str, Any]:
    """The reference matrix so many times beside itself, without what people pick from."""
    base = reference()
    images: dict[str, Any] = {}
    for number in range(count):

        def renamed(names: str | list[str], number: int = number) -> str | list[str]:
            if isinstance(names, list):
                return [f"{name}-{number}" for name in names]
            return f"{names}-{number}" if names in base["images"] else names

        for name, image in base["images"].items():
            again = copy.deepcopy(image)
            again["from"] = renamed(again["from"])
            for match in (one["match"] for one in again.get("overrides", ())):
                match.update({"from": renamed(match["from"])} if "from" in match else {})
            images[f"{name}-{number}"] = again
    kept = {key: value for key, value in base.items() if key not in ("profiles", "sizes", "images", "sites")}
    return {**kept, "images": images, "defaults": {"images": base["defaults"]["images"]}}


def wide(count: int) -> dict[str, Any]:
    leaves = {f"leaf-{number}": {"from": "base"} for number in range(count)}
    return matrix({"base": {"from": "debian"}, **leaves})


def deep(count: int) -> dict[str, Any]:
    chain = {f"link-{number}": {"from": f"link-{number - 1}"} for number in range(1, count)}
    return matrix({"link-0": {"from": "debian"}, **chain})


def variants(count: int) -> dict[str, Any]:
    """One image with so many variants on two platforms."""
    values = [f"3.{minor}.{patch}" for minor, patch in itertools.product(range(16), range(16))][:count]
    return matrix({"base": {"from": "debian", "axes": ["python"]}}, axes={"python": values})


ODD = ("plan", "gate", "release", "fork", "scan-x", "x-amd64", "x", "on", "yes", "true", "null", "a" * 63)

FROM_GIT = f"image-matrix @ git+https://git.example.org:8443/Team/image-matrix.git@{'0123456789' * 4}"


TELEMETRY = {"endpoint": "https://otlp.example.org:4318", "headers": "OTLP_HEADERS"}
SHAPES: dict[str, dict[str, Any]] = {
    "reference": reference(),
    "one image": matrix({"base": {"from": "debian"}}),
    "one platform": matrix({"base": {"from": "debian"}}, defaults=ONE_PLATFORM),
    "generator from git": matrix({"base": {"from": "debian"}}, workflow={"generator": FROM_GIT}),
    "wide": wide(80),
    "deep": deep(24),
    "256 legs": variants(128),
    "more than 256 legs": matrix(
        {
            "base": {"from": "debian", "axes": ["python"]},
            **{f"leaf-{number}": {"from": "base"} for number in range(9)},
        },
        axes={"python": [f"3.{minor}" for minor in range(30)]},
    ),
    "odd names": matrix({name: {"from": "debian"} for name in ODD}),
    "a builder": matrix(
        {"base": {"from": "debian"}},
        network={
            "builder": {
                "driver": "remote",
                "endpoint": "tcp://buildkit.example.org:1234",
                "tls": {"ca": "BK_CA", "cert": "BK_CERT", "key": "BK_KEY"},
            }
        },
        workflow={"jobs": "image", "telemetry": TELEMETRY, "prune": {}, "rescan": {}},
    ),
    "emulated": matrix({"base": {"from": "debian"}}, workflow={"runners": {"linux/arm64": "emulate"}}),
    "own runners": matrix(
        {"base": {"from": "debian"}, "large": {"from": "base"}},
        workflow={
            "runners": {"linux/arm64": ["self-hosted", "linux", "graviton"]},
            "overrides": [
                {"match": {"image": "large"}, "free_disk": True, "timeout_minutes": 300},
                {"match": {"image": "large", "platform": "linux/amd64"}, "runners": {"linux/amd64": "big-disk"}},
            ],
        },
    ),
    "runners of axis values": matrix(
        {"base": {"from": "debian", "axes": ["python"]}, "lab": {"from": "base"}},
        axes={"python": ["3.13", "3.11"]},
        workflow={
            "overrides": [
                {"match": {"python": "3.11"}, "timeout_minutes": 90, "free_disk": True},
                {
                    "match": {"image": "lab", "python": ["3.11"], "platform": "linux/arm64"},
                    "runners": {"linux/arm64": ["self-hosted", "graviton"]},
                },
                {
                    "match": {"image": "base", "python": "3.13", "platform": "linux/arm64"},
                    "runners": {"linux/arm64": "emulate"},
                },
            ],
        },
    ),
    "key and grype": matrix(
        {"base": {"from": "debian"}},
        network={"mirrors": {"registries": {"docker.io": "mirror.example.org/hub"}}},
        release={"sign": {"key": "env://COSIGN_KEY", "public_key": "cosign.pub", "public_log": False}, "scan": "grype"},
    ),
    "notation": matrix(
        {"base": {"from": "debian"}},
        release={
            "sign": {
                "tool": "notation",
                "plugin": "com.amazonaws.signer.notation.plugin",
                "key": "arn:aws:signer:us-east-1:123456789012:/signing-profiles/images",
                "role": "arn:aws:iam::123456789012:role/sign-images",
            },
            "scan": "none",
        },
    ),
    "scanner in a container": matrix(
        {"base": {"from": "debian"}},
        release={
            "scan": {
                "tool": "image",
                "image": f"registry.example.org/scanner@sha256:{'01' * 32}",
                "command": ["{archive}", "{report}", "{sarif}"],
                "secrets": ["SCANNER_TOKEN"],
                "sarif": True,
                "attach": True,
            }
        },
        workflow={"rescan": {"schedule": "5 5 * * *", "issue": False}},
    ),
    "key in an environment": matrix(
        {"base": {"from": "debian"}, "lab": {"from": "base"}},
        workflow={"environment": "images", "telemetry": TELEMETRY},
        release={"sign": {"key": "env://COSIGN_KEY", "public_key": "cosign.pub"}},
    ),
    "role in an environment": matrix(
        {"base": {"from": "debian"}, "lab": {"from": "base"}},
        workflow={"environment": "images", "telemetry": TELEMETRY},
        release={
            "sign": {
                "key": "awskms:///alias/images",
                "public_key": "cosign.pub",
                "role": "arn:aws:iam::123456789012:role/sign-images",
            },
        },
    ),
    "unsigned": matrix({"base": {"from": "debian"}}, release={"sign": "none"}),
    "other platforms": matrix(
        {"base": {"from": "debian", "platforms": ["linux/arm/v7", "linux/riscv64"]}},
        workflow={"runners": {"linux/riscv64": ["self-hosted", "riscv"], "linux/arm/v7": "emulate"}},
    ),
    "names of repositories": matrix({"team/base_4.6": {"from": "debian"}, "team/lab.x": {"from": "team/base_4.6"}}),
    "copies": matrix(
        {"base": {"from": "debian"}},
        registry="quay.io/example",
        network={
            "logins": {
                "quay.io": {"username": "QUAY_USER", "password": "QUAY_TOKEN"},
                "docker.io": {"username": "HUB_USER", "password": "HUB_TOKEN", "pull": False},
            }
        },
        release={"copies": ["docker.io/team", "quay.io/other", "ghcr.io/example", "registry.example.org/team"]},
    ),
    "attested": matrix(
        {"base": {"from": "debian"}},
        release={"attest": "github", "sign": "none", "push": {"deploy_key": "KEY"}},
    ),
    "cloud logins": matrix(
        {"base": {"from": "debian"}, "gpu": {"from": "google"}},
        registry="123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/images",
        sources={
            "debian": "docker.io/library/debian:trixie-slim",
            "google": "europe-docker.pkg.dev/example/bases/cuda:13",
        },
        network={
            "docker_config": "DOCKER_CONFIG_JSON",
            "logins": {
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com": {
                    "aws": {"role": "arn:aws:iam::123456789012:role/push-images"}
                },
                "europe-docker.pkg.dev": {
                    "google": {
                        "workload_identity_provider": "projects/1/locations/global/workloadIdentityPools/a/providers/b",
                        "service_account": "images@example.iam.gserviceaccount.com",
                    }
                },
                "example.azurecr.io": {
                    "azure": {
                        "client_id": "01234567-89ab-cdef-0123-456789abcdef",
                        "tenant_id": "fedcba98-7654-3210-fedc-ba9876543210",
                    }
                },
                "docker.io": {"username": "HUB_USER", "password": "HUB_TOKEN"},
            },
        },
        release={
            "copies": ["example.azurecr.io/images"],
            "scan": {
                "tool": "image",
                "image": f"docker.io/example/scanner@sha256:{'0' * 64}",
                "command": ["{archive}", "{report}"],
            },
        },
        workflow={"prune": {"schedule": "5 5 * * *", "keep_releases": 3}, "rescan": {}},
    ),
    "an app": matrix(
        {"base": {"from": "debian"}},
        workflow={"environment": "images", "retention_days": 1, "prune": {"delete": True}},
        release={"push": {"app": {"client_id": "Iv23li", "private_key": "APP_KEY"}, "verified": True}},
    ),
    "trusting team": matrix(
        {"base": {"from": "debian"}},
        registry="registry.example.org:5000/team/images",
        network={
            "logins": {"registry.example.org:5000": {"username": "REGISTRY_USER", "password": "REGISTRY_TOKEN"}}
        },
        workflow={"commit_generated": False, "default_branch": "trunk/images"},
        release={"branch": "live"},
    ),
}  # fmt: skip


def by_layer(said: dict[str, Any]) -> dict[str, Any]:
    """A matrix whose workflow has jobs for layers."""
    return {**said, "workflow": {**said["workflow"], "jobs": "layer"}}


SHAPES |= {
    "layers with a scanner in a container": by_layer(SHAPES["scanner in a container"]),
    "layers": by_layer(SHAPES["reference"]),
    "layers of own runners": by_layer(SHAPES["runners of axis values"]),
    "layers without scans": by_layer(SHAPES["notation"]),
    "layers with cloud logins": by_layer(SHAPES["cloud logins"]),
    "layers with secrets": by_layer(
        matrix(
            {
                "base": {"from": "debian", "kind": "base", "secrets": ["R_TOKEN"]},
                "lab": {"from": "base", "kind": "jupyter"},
            },
            network={"logins": {"ghcr.io": {"username": "USER", "password": "WORD"}}},
        )
    ),
}


def loaded(said: dict[str, Any]) -> Loaded:
    return load({"matrix.yaml": json.dumps(said)}, TEMPLATES.kinds)


def rendered(said: dict[str, Any]) -> dict[str, File]:
    found = loaded(said)
    return render_workflows(found, TEMPLATES)


def jobs(said: dict[str, Any], workflow: str = "images") -> dict[str, Any]:
    """The jobs of a workflow of a matrix."""
    return jobs_of(rendered(said), workflow)


def jobs_of(files: Mapping[str, File], workflow: str = "images") -> dict[str, Any]:
    """The jobs of a workflow; steps of the actions beside it stand in place of the step that uses the action."""
    jobs: dict[str, Any] = yaml_files.load(files[f".github/workflows/{workflow}.yaml"].content)["jobs"]
    return {
        name: {**job, "steps": [one for step in job["steps"] for one in _expanded(files, step)]}
        for name, job in jobs.items()
    }


def _expanded(files: Mapping[str, File], step: dict[str, Any]) -> list[dict[str, Any]]:
    folder = step.get("uses", "").removeprefix("$/")
    if f"{folder}/action.yaml" not in files:
        return [step]
    text = files[f"{folder}/action.yaml"].content.decode()
    for name, value in step.get("with", {}).items():
        text = text.replace(f"${{{{ inputs.{name} }}}}", value)
    steps: list[dict[str, Any]] = yaml_files.load(text)["runs"]["steps"]
    return steps
