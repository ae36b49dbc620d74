"""Lists the fields of Kubernetes objects that an override may contain; with another one, a server does not start.

Source: kubernetes_asyncio's models, as KubeSpawner 7.1.0 and 7.0.0 use them; tests compare the lists with the package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fields:
    """Names of fields as in Kubernetes' YAML, the required ones, and whether snake_case is also accepted."""

    names: frozenset[str]
    required: tuple[str, ...] = ()
    snake: bool = True

    def has(self, name: str) -> bool:
        """Say whether a name is one of the fields."""
        return name in self.names or (self.snake and name in {_snake(item) for item in self.names})

    def missing(self, given: set[str]) -> list[str]:
        """Return the required fields that are not among the given names in any spelling."""
        return [name for name in self.required if not given & {name, _snake(name)}]


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def camel_case(name: str) -> str:
    """Return a field's name as in Kubernetes' YAML: ``volumeMounts`` for ``volume_mounts``."""
    return re.sub(r"_([a-z])", lambda letter: letter[1].upper(), name)


def _fields(names: str, *required: str, snake: bool = True) -> Fields:
    return Fields(frozenset(names.split()), required, snake)


_CONTAINER = """
args command env envFrom image imagePullPolicy lifecycle livenessProbe name ports readinessProbe resizePolicy resources
restartPolicy restartPolicyRules securityContext startupProbe stdin stdinOnce terminationMessagePath
terminationMessagePolicy tty volumeDevices volumeMounts workingDir
"""
_POD = """
activeDeadlineSeconds affinity automountServiceAccountToken containers dnsConfig dnsPolicy enableServiceLinks
ephemeralContainers hostAliases hostIPC hostNetwork hostPID hostUsers hostname hostnameOverride imagePullSecrets
initContainers nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName readinessGates
resourceClaims resources restartPolicy runtimeClassName schedulerName schedulingGates schedulingGroup securityContext
serviceAccount serviceAccountName setHostnameAsFQDN shareProcessNamespace subdomain terminationGracePeriodSeconds
tolerations topologySpreadConstraints volumes
"""
_VOLUME = """
awsElasticBlockStore azureDisk azureFile cephfs cinder configMap csi downwardAPI emptyDir ephemeral fc flexVolume
flocker gcePersistentDisk gitRepo glusterfs hostPath image iscsi name nfs persistentVolumeClaim photonPersistentDisk
portworxVolume projected quobyte rbd scaleIO secret storageos vsphereVolume
"""
_SECURITY = "appArmorProfile runAsGroup runAsNonRoot runAsUser seLinuxOptions seccompProfile windowsOptions"
_POD_AFFINITY = "labelSelector matchLabelKeys mismatchLabelKeys namespaceSelector namespaces topologyKey"

OBJECTS = {
    "container_security_context": _fields(
        f"{_SECURITY} allowPrivilegeEscalation capabilities privileged procMount readOnlyRootFilesystem",
        snake=False,
    ),
    "extra_container_config": _fields(_CONTAINER),
    "extra_pod_config": _fields(_POD),
    "lifecycle_hooks": _fields("postStart preStop stopSignal"),
    "pod_security_context": _fields(
        f"{_SECURITY} fsGroup fsGroupChangePolicy seLinuxChangePolicy supplementalGroups supplementalGroupsPolicy"
        " sysctls",
        snake=False,
    ),
}
"""Settings that are one object."""
ENTRIES = {
    "extra_containers": _fields(_CONTAINER, "name"),
    "init_containers": _fields(_CONTAINER, "name"),
    "node_affinity_preferred": _fields("preference weight", "preference", "weight"),
    "node_affinity_required": _fields("matchExpressions matchFields"),
    "pod_affinity_preferred": _fields("podAffinityTerm weight", "podAffinityTerm", "weight"),
    "pod_affinity_required": _fields(_POD_AFFINITY, "topologyKey"),
    "pod_anti_affinity_preferred": _fields("podAffinityTerm weight", "podAffinityTerm", "weight"),
    "pod_anti_affinity_required": _fields(_POD_AFFINITY, "topologyKey"),
    "volume_mounts": _fields(
        "mountPath mountPropagation name readOnly recursiveReadOnly subPath subPathExpr", "name", "mountPath"
    ),
    "volumes": _fields(_VOLUME, "name"),
}
"""Settings that map a free name to an object."""
VARIABLE = _fields("name value valueFrom")
"""A variable of ``environment`` that is a mapping; its key is the default of ``name``."""
SECRET = _fields("name", "name")
"""An entry of ``image_pull_secrets`` that is a mapping."""
