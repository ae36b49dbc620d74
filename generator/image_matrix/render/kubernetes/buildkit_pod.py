"""Renders the StatefulSet of the BuildKit of a cluster.

Source: github.com/moby/buildkit, examples/kubernetes (``statefulset.rootless.yaml``, ``statefulset.userns.yaml``).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from image_matrix.config.buildkit import NAME, PORT, SELECTOR
from image_matrix.config.mirrors import mirrored
from image_matrix.pinned.actions import image, rootless_image
from image_matrix.render.kubernetes.buildkit_settings import CA, CONFIG, TLS, home_of, proxy_of
from image_matrix.render.kubernetes.flux import PLAIN_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.buildkit import Buildkit
    from image_matrix.config.network import Network
    from image_matrix.config.sizes import Amount

_IMAGE = "docker.io/moby/buildkit"
_UID = 1000
"""Of the rootless image, whose /etc/subuid names this user."""
_STOP_SECONDS = 600
"""BuildKit ends only when the builds that run have ended."""
SELINUX = {"type": "spc_t", "level": "s0"}
"""container_t may not mount; github.com/moby/buildkit, issue 1634."""


def stateful_set(buildkit: Buildkit, settings: str, network: Network) -> dict[str, Any]:
    """Return the StatefulSet; ``settings`` is buildkitd.toml: another one starts the pod again."""
    claim = {
        "accessModes": ["ReadWriteOnce"],
        **({"storageClassName": buildkit.cache.storage_class} if buildkit.cache.storage_class else {}),
        "resources": {"requests": {"storage": buildkit.cache.size}},
    }
    annotations = {"image-matrix/buildkitd.toml": hashlib.sha256(settings.encode()).hexdigest()[:16]}
    if buildkit.openshift and buildkit.snapshotter == "fuse-overlayfs":
        annotations["io.kubernetes.cri-o.Devices"] = "/dev/fuse"
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "namespace": buildkit.namespace, "labels": {**SELECTOR, **PLAIN_LABELS}},
        "spec": {
            "serviceName": NAME,
            "replicas": 1,
            "selector": {"matchLabels": SELECTOR},
            "template": {
                "metadata": {"labels": SELECTOR, "annotations": annotations},
                "spec": _pod(buildkit, network),
            },
            "volumeClaimTemplates": [{"metadata": {"name": "cache"}, "spec": claim}],
        },
    }


def _pod(buildkit: Buildkit, network: Network) -> dict[str, Any]:
    # OnRootMismatch: files of the cache have owners of their own, which the group of the volume must not replace
    owners = {"fsGroup": _UID, "fsGroupChangePolicy": "OnRootMismatch"} if buildkit.host_users else {}
    secrets = [{"name": name} for name in buildkit.pull_secrets]
    return {
        "serviceAccountName": NAME,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _STOP_SECONDS,
        **({} if buildkit.host_users else {"hostUsers": False}),
        **({"securityContext": owners} if owners else {}),
        **({"nodeSelector": dict(buildkit.node_selector)} if buildkit.node_selector else {}),
        **({"tolerations": [dict(item) for item in buildkit.tolerations]} if buildkit.tolerations else {}),
        **({"imagePullSecrets": secrets} if secrets else {}),
        "containers": [_container(buildkit, network)],
        "volumes": _volumes(buildkit),
    }


def _container(buildkit: Buildkit, network: Network) -> dict[str, Any]:
    home = home_of(buildkit)
    ask = {"exec": {"command": ["buildctl", "--addr", home.socket, "debug", "workers"]}}
    pinned = rootless_image(_IMAGE) if buildkit.host_users else image(_IMAGE)
    environment = _environment(buildkit, proxy_of(network))
    return {
        "name": NAME,
        "image": mirrored(pinned, network.mirrors.registries),
        "args": ["--config", f"{CONFIG}/buildkitd.toml"],
        **({"env": environment} if environment else {}),
        "ports": [{"name": "buildkit", "containerPort": PORT, "protocol": "TCP"}],
        # a large cache takes minutes to open
        "startupProbe": {**ask, "periodSeconds": 5, "timeoutSeconds": 10, "failureThreshold": 60},
        "readinessProbe": {**ask, "periodSeconds": 30, "timeoutSeconds": 30},
        "livenessProbe": {**ask, "periodSeconds": 60, "timeoutSeconds": 30, "failureThreshold": 5},
        "resources": _resources(buildkit),
        "securityContext": _security(buildkit),
        "volumeMounts": [
            {"name": "cache", "mountPath": home.volume},
            {"name": "settings", "mountPath": CONFIG, "readOnly": True},
            *([{"name": "tls", "mountPath": TLS, "readOnly": True}] if buildkit.tls else []),
            *([{"name": "ca", "mountPath": CA, "readOnly": True}] if buildkit.ca_configmap else []),
        ],
    }


def _security(buildkit: Buildkit) -> dict[str, Any]:
    """Return the security context: an ordinary user without seccomp's filter, or root of a user namespace.

    With ``hostUsers: false``, ``privileged`` gives rights in the pod's own user namespace, and none on the node.
    """
    selinux = {"seLinuxOptions": SELINUX} if buildkit.openshift else {}
    if not buildkit.host_users:
        return {"privileged": True, **selinux}
    return {
        "runAsUser": _UID,
        "runAsGroup": _UID,
        "runAsNonRoot": True,
        "privileged": False,
        # newuidmap has its rights from its file
        "allowPrivilegeEscalation": True,
        "seccompProfile": {"type": "Unconfined"},
        "appArmorProfile": {"type": "Unconfined"},
        **selinux,
    }


def _environment(buildkit: Buildkit, proxy: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the variables of the proxy, of certificates (Go's crypto/x509, ``SSL_CERT_DIR``) and of OpenTelemetry."""
    values = {**proxy, **({"SSL_CERT_DIR": f"/etc/ssl/certs:{CA}"} if buildkit.ca_configmap else {})}
    telemetry = buildkit.telemetry
    if telemetry:
        values |= {
            "OTEL_EXPORTER_OTLP_ENDPOINT": telemetry.endpoint,
            "OTEL_EXPORTER_OTLP_PROTOCOL": telemetry.protocol,
            "OTEL_SERVICE_NAME": NAME,
        }
    variables: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in values.items()]
    if telemetry and telemetry.headers:
        reference = {"secretKeyRef": {"name": telemetry.headers, "key": "headers"}}
        variables.append({"name": "OTEL_EXPORTER_OTLP_HEADERS", "valueFrom": reference})
    return variables


def _resources(buildkit: Buildkit) -> dict[str, Any]:
    amounts = {"cpu": buildkit.cpu, "memory": buildkit.memory}
    devices = {name: str(count) for name, count in buildkit.devices.items()}
    limits = {**_amounts(amounts, "limit"), **devices}
    requests = _amounts(amounts, "guarantee")
    return {**({"requests": requests} if requests else {}), **({"limits": limits} if limits else {})}


def _amounts(amounts: Mapping[str, Amount], which: str) -> dict[str, str]:
    given = {name: getattr(amount, which) for name, amount in amounts.items()}
    return {name: str(value) for name, value in given.items() if value is not None}


def _volumes(buildkit: Buildkit) -> list[dict[str, Any]]:
    return [
        {"name": "settings", "configMap": {"name": NAME}},
        *(
            [{"name": "tls", "secret": {"secretName": buildkit.tls, "defaultMode": 0o440}}]
            if buildkit.tls
            else []
        ),
        *([{"name": "ca", "configMap": {"name": buildkit.ca_configmap}}] if buildkit.ca_configmap else []),
    ]
