"""Renders the pod of a build in the cluster: the program and the CLI of Docker, which Pod Security calls restricted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.render.kubernetes.buildkit_settings import proxy_of
from image_matrix.render.kubernetes.dump import Block
from image_matrix.render.kubernetes.restricted import RESTRICTED

if TYPE_CHECKING:
    from image_matrix.config.buildkit import BuildJob, Buildkit
    from image_matrix.config.model import Matrix

_UID = 1000
_HOME, _LOGIN, _OVERLAY = "/home/build", "/run/registry-login", "/etc/image-matrix"
_CERTIFICATES = {"BUILDKIT_CA": "ca.crt", "BUILDKIT_CERT": "tls.crt", "BUILDKIT_KEY": "tls.key"}
"""Variable of the program to the key of the Secret."""
_SCRIPT = """\
set -eu
cd "$HOME"
git init --quiet matrix
cd matrix
login() {
  git -c credential.helper='!f() { echo "username=$GIT_USERNAME"; echo "password=$GIT_PASSWORD"; }; f' "$@"
}
if [ -n "${GIT_PASSWORD:-}" ]; then fetch=login; else fetch=git; fi
"$fetch" fetch --quiet --depth=1 "$REPOSITORY" "$REVISION"
git checkout --quiet FETCH_HEAD
if [ -n "${GENERATOR:-}" ]; then
  python3 -m venv "$HOME/venv"
  "$HOME/venv/bin/pip" install --quiet --no-cache-dir "$GENERATOR"
  PATH="$HOME/venv/bin:$PATH"
fi
if [ -n "${BUILDER:-}" ]; then set -- --overlay "$BUILDER" build --push "$@"; else set -- build --push "$@"; fi
exec image-matrix "$@"
"""
"""Values reach it as variables and arguments alone: none is part of its text."""


def build_pod(matrix: Matrix, buildkit: Buildkit, job: BuildJob, image: str) -> dict[str, Any]:
    """Return the pod. ``image`` runs it; it has git, Python, and the CLI of Docker with buildx."""
    login = [{"name": job.login.name}] if job.login else []
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {"runAsUser": _UID, "runAsGroup": _UID, "fsGroup": _UID, "runAsNonRoot": True},
        **({"imagePullSecrets": login} if login else {}),
        "containers": [
            {
                "name": "build",
                "image": image,
                "command": ["/bin/sh", "-c", Block(_SCRIPT), "build"],
                **({"args": list(job.images)} if job.images else {}),
                "env": [*_plain(matrix, buildkit, job), *_secret(job)],
                "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "2Gi"}},
                "securityContext": {**RESTRICTED, "readOnlyRootFilesystem": True},
                "volumeMounts": _mounts(job),
            }
        ],
        "volumes": _volumes(job),
    }


def _plain(matrix: Matrix, buildkit: Buildkit, job: BuildJob) -> list[dict[str, Any]]:
    """Return the variables without secrets. With certificates, a file says where BuildKit is."""
    where = {"BUILDER": f"{_OVERLAY}/builder.yaml"} if job.tls else {"BUILDKIT_HOST": buildkit.address}
    values = {
        "HOME": _HOME,
        "TMPDIR": "/tmp",  # noqa: S108 - of the pod
        "BUILDX_CONFIG": f"{_HOME}/buildx",
        "GIT_TERMINAL_PROMPT": "0",
        "REPOSITORY": job.repository,
        "REVISION": job.revision or matrix.workflow.default_branch,
        **({"GENERATOR": matrix.workflow.generator} if matrix.workflow.generator else {}),
        **({"PIP_INDEX_URL": matrix.network.mirrors.pip} if matrix.network.mirrors.pip else {}),
        **({"DOCKER_CONFIG": _LOGIN} if job.login else {}),
        **proxy_of(matrix.network),
        **where,
    }
    return [{"name": name, "value": value} for name, value in values.items()]


def _secret(job: BuildJob) -> list[dict[str, Any]]:
    """Return the variables that come from Secrets: the login to the repository, and certificates."""
    keys: dict[str, tuple[str, str]] = {}
    if job.repository_login:
        keys |= {f"GIT_{name.upper()}": (job.repository_login, name) for name in ("username", "password")}
    if job.tls:
        keys |= {variable: (job.tls, key) for variable, key in _CERTIFICATES.items()}
    return [
        {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
        for variable, (secret, key) in keys.items()
    ]


def _mounts(job: BuildJob) -> list[dict[str, Any]]:
    return [
        {"name": "home", "mountPath": _HOME},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - of the pod
        *([{"name": "login", "mountPath": _LOGIN, "readOnly": True}] if job.login else []),
        *([{"name": "builder", "mountPath": _OVERLAY, "readOnly": True}] if job.tls else []),
    ]


def _volumes(job: BuildJob) -> list[dict[str, Any]]:
    volumes: list[dict[str, Any]] = [{"name": "home", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    if job.login:
        file = {"key": ".dockerconfigjson", "path": "config.json"}
        secret = {"secretName": job.login.name, "items": [file], "defaultMode": 0o440}
        volumes.append({"name": "login", "secret": secret})
    if job.tls:
        volumes.append({"name": "builder", "configMap": {"name": "image-matrix-build"}})
    return volumes


def builder_overlay(matrix: Matrix, buildkit: Buildkit) -> dict[str, Any]:
    """Return the overlay of the matrix that names this BuildKit, and takes away settings of another builder."""
    usual = matrix.network.builder
    lost = ("platforms", "options") if usual else ()
    return {
        "network": {
            "builder": {
                "driver": "remote",
                "endpoint": buildkit.address,
                "tls": dict(zip(("ca", "cert", "key"), _CERTIFICATES, strict=True)),
                **{name: None for name in lost if getattr(usual, name)},
            }
        }
    }
