"""Renders ``builds/`` of a site: a Job and a CronJob that build in the cluster, on a BuildKit that is not in their pod.

Source: kubernetes.io/docs/concepts/workloads/controllers (``job``, ``cron-jobs``); external-secrets.io/latest/api.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.render.kubernetes.build_pod import build_pod, builder_overlay
from image_matrix.render.kubernetes.buildkit_access import RESTRICTED, namespace
from image_matrix.render.kubernetes.dump import Block, dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS
from image_matrix.render.kubernetes.kustomization import kustomization

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.buildkit import BuildJob, RegistryLogin
    from image_matrix.config.model import Matrix, Variant

NAME = "image-matrix-build"
_SECONDS = 6 * 3600
"""After which a build is ended, as GitHub ends a job."""
_NEVER = "0 0 1 1 *"
"""The schedule of a CronJob that is suspended, which must have one."""
_ONCE = """\
Builds once. A Job cannot be changed: Flux replaces it when this file changes. Without Flux, start a build with
`kubectl create job --from=cronjob/image-matrix-build NAME`."""


def build_files(
    matrix: Matrix, variants: Mapping[str, Variant], references: Mapping[str, str]
) -> dict[str, str]:
    """Return the files, or nothing if the site builds nothing, or if the image that builds is not released yet.

    ``references`` has the references of released variants by id, and those of sources by name.
    """
    buildkit = matrix.catalog.site.buildkit
    job = buildkit.job if buildkit else None
    image = _image(job, variants, references) if job else None
    if buildkit is None or job is None or image is None:
        return {}
    spec = _job_spec(build_pod(matrix, buildkit, job, image))
    objects: dict[str, dict[str, Any]] = {
        "namespace.yaml": namespace(job.namespace, RESTRICTED),
        "cronjob.yaml": _cron_job(job, spec),
    }
    if job.tls:
        text = Block(dump(builder_overlay(matrix, buildkit)))
        objects["configmap.yaml"] = _object("v1", "ConfigMap", job, data={"builder.yaml": text})
    if job.login and job.login.store:
        objects["externalsecret.yaml"] = _external_secret(job, job.login)
    texts = {name: dump(item, about=ABOUT) for name, item in objects.items()}
    once = _object("batch/v1", "Job", job, spec=spec)
    once["metadata"]["annotations"] = {"kustomize.toolkit.fluxcd.io/force": "Enabled"}
    return {
        **texts,
        "kustomization.yaml": dump(kustomization(resources=[*texts]), about=ABOUT),
        "job/job.yaml": dump(once, about=f"{ABOUT}\n{_ONCE}"),
        "job/kustomization.yaml": dump(kustomization(resources=["job.yaml"]), about=ABOUT),
    }


def _image(job: BuildJob, variants: Mapping[str, Variant], references: Mapping[str, str]) -> str | None:
    """Return the reference of what runs the build: a source, or the first variant of an image that is released."""
    names = [job.image, *(item.id for item in variants.values() if item.image == job.image)]
    return next((references[name] for name in names if name in references), None)


def _object(api: str, kind: str, job: BuildJob, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of Kubernetes
    metadata: dict[str, Any] = {"name": NAME, "namespace": job.namespace, "labels": PLAIN_LABELS}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def _job_spec(pod: dict[str, Any]) -> dict[str, Any]:
    template = {"metadata": {"labels": {"app.kubernetes.io/name": NAME}}, "spec": pod}
    return {"backoffLimit": 1, "activeDeadlineSeconds": _SECONDS, "template": template}


def _cron_job(job: BuildJob, spec: dict[str, Any]) -> dict[str, Any]:
    return _object(
        "batch/v1",
        "CronJob",
        job,
        spec={
            "schedule": job.schedule or _NEVER,
            "timeZone": "Etc/UTC",
            "suspend": job.schedule is None,
            "concurrencyPolicy": "Forbid",
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": spec},
        },
    )


def _external_secret(job: BuildJob, login: RegistryLogin) -> dict[str, Any]:
    remote = {"key": login.key, **({"property": login.property} if login.property else {})}
    target = {"name": login.name, "template": {"type": "kubernetes.io/dockerconfigjson"}}
    return _object(
        "external-secrets.io/v1",
        "ExternalSecret",
        job,
        spec={
            "refreshInterval": "1h",
            "secretStoreRef": {"kind": login.store_kind, "name": login.store},
            "target": target,
            "data": [{"secretKey": ".dockerconfigjson", "remoteRef": remote}],
        },
    )
