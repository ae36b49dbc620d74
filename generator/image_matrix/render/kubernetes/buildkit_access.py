"""Renders who reaches the BuildKit of a cluster, and what it may do there.

Sources: kubernetes.io/docs/concepts/services-networking/network-policies; docs.redhat.com, OpenShift, "Managing
security context constraints".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.config.buildkit import NAME, NAMESPACE_NAME, PORT, SELECTOR, Client
from image_matrix.render.kubernetes.buildkit_pod import SELINUX
from image_matrix.render.kubernetes.flux import PLAIN_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.buildkit import Buildkit
    from image_matrix.config.sites import Site

PRIVILEGED = {
    "pod-security.kubernetes.io/enforce": "privileged",
    "pod-security.kubernetes.io/warn": "privileged",
    "pod-security.kubernetes.io/audit": "privileged",
}
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
    "pod-security.kubernetes.io/audit": "restricted",
}


def namespace(name: str, security: Mapping[str, str]) -> dict[str, Any]:
    """Return a namespace whose pods Pod Security judges by a standard."""
    metadata = {"name": name, "labels": {**security, **PLAIN_LABELS}}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}


def _object(api: str, kind: str, buildkit: Buildkit, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - of Kubernetes
    metadata = {"name": NAME, "namespace": buildkit.namespace, "labels": {**SELECTOR, **PLAIN_LABELS}}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


def config_map(buildkit: Buildkit, settings: str) -> dict[str, Any]:
    """Return the ConfigMap with the text of buildkitd.toml."""
    return _object("v1", "ConfigMap", buildkit, data={"buildkitd.toml": settings})


def service(buildkit: Buildkit) -> dict[str, Any]:
    """Return the Service; it is TCP for a service mesh, which would otherwise read the calls."""
    port = {
        "name": "buildkit",
        "port": PORT,
        "targetPort": "buildkit",
        "protocol": "TCP",
        "appProtocol": "tcp",
    }
    return _object("v1", "Service", buildkit, spec={"selector": SELECTOR, "ports": [port]})


def service_account(buildkit: Buildkit) -> dict[str, Any]:
    """Return the account of the pod, which has no rights at the API."""
    return _object("v1", "ServiceAccount", buildkit, automountServiceAccountToken=False)


def disruption_budget(buildkit: Buildkit) -> dict[str, Any]:
    """Return the budget: of several pods one may go at a time, and a single one does not hold up its node."""
    spec = {"maxUnavailable": 1, "selector": {"matchLabels": SELECTOR}}
    return _object("policy/v1", "PodDisruptionBudget", buildkit, spec=spec)


def network_policy(site: Site, buildkit: Buildkit) -> dict[str, Any]:
    """Return the policy: clients reach the port, and nobody reaches another one; what BuildKit fetches is free."""
    peers = [_peer(client) for client in clients(site, buildkit)]
    port = {"protocol": "TCP", "port": PORT}
    spec = {
        "podSelector": {"matchLabels": SELECTOR},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": peers, "ports": [port]}],
    }
    return _object("networking.k8s.io/v1", "NetworkPolicy", buildkit, spec=spec)


def clients(site: Site, buildkit: Buildkit) -> tuple[Client, ...]:
    """Return the pods that may connect: those that the matrix names or users', and builds of the site.

    The labels of users' pods and namespaces are those of the JupyterHub chart (``component``), of Kubeflow's profile
    controller and of the dashboard of Open Data Hub.
    """
    users = {
        "jupyterhub": Client({NAMESPACE_NAME: site.namespace}, {"component": "singleuser-server"}),
        "kubeflow": Client({"app.kubernetes.io/part-of": "kubeflow-profile"}),
        "opendatahub": Client({"opendatahub.io/dashboard": "true"}),
    }
    builds = (Client({NAMESPACE_NAME: buildkit.job.namespace}),) if buildkit.job else ()
    return (*(buildkit.clients or (users[site.spawner],)), *builds)


def _peer(client: Client) -> dict[str, Any]:
    selectors = {"namespaceSelector": client.namespace_selector, "podSelector": client.pod_selector}
    return {name: {"matchLabels": dict(labels)} for name, labels in selectors.items() if labels}


def openshift_objects(buildkit: Buildkit) -> list[dict[str, Any]]:
    """Return SecurityContextConstraints that allow the pod, and what lets its account use them."""
    constraints = f"{NAME}-{buildkit.namespace}"
    rule = {
        "apiGroups": ["security.openshift.io"],
        "resources": ["securitycontextconstraints"],
        "resourceNames": [constraints],
        "verbs": ["use"],
    }
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": NAME}
    account = {"kind": "ServiceAccount", "name": NAME, "namespace": buildkit.namespace}
    return [
        {
            "apiVersion": "security.openshift.io/v1",
            "kind": "SecurityContextConstraints",
            "metadata": {"name": constraints, "labels": {**SELECTOR, **PLAIN_LABELS}},
            **_constraints(buildkit),
        },
        _object("rbac.authorization.k8s.io/v1", "Role", buildkit, rules=[rule]),
        _object("rbac.authorization.k8s.io/v1", "RoleBinding", buildkit, roleRef=role, subjects=[account]),
    ]


def _constraints(buildkit: Buildkit) -> dict[str, Any]:
    user = {"type": "MustRunAs", "uid": 1000} if buildkit.host_users else {"type": "RunAsAny"}
    group = {"type": "MustRunAs", "ranges": [{"min": 1000, "max": 1000}]}
    return {
        "allowPrivilegedContainer": not buildkit.host_users,
        "allowPrivilegeEscalation": True,
        "allowHostDirVolumePlugin": False,
        "allowHostIPC": False,
        "allowHostNetwork": False,
        "allowHostPID": False,
        "allowHostPorts": False,
        "readOnlyRootFilesystem": False,
        "allowedCapabilities": [],
        "defaultAddCapabilities": [],
        "requiredDropCapabilities": [],
        "runAsUser": user,
        "fsGroup": group if buildkit.host_users else {"type": "RunAsAny"},
        "supplementalGroups": {"type": "RunAsAny"},
        "seLinuxContext": {"type": "MustRunAs", "seLinuxOptions": SELINUX},
        "seccompProfiles": ["*"],
        "volumes": ["configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"],
        **({} if buildkit.host_users else {"userNamespaceLevel": "RequirePodLevel"}),
        "users": [],
        "groups": [],
    }
