"""Lists KubeSpawner's settings that an override may have; KubeSpawner ignores a misspelt one, or servers do not start.

Source: KubeSpawner 7.1.0 and 7.0.0, ``class_traits(config=True)``; tests compare the lists with the package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NUMBERS = frozenset({"cpu_limit", "cpu_guarantee"})
MEMORY = frozenset({"mem_limit", "mem_guarantee"})
MAPPINGS = frozenset(
    {
        "container_security_context", "environment", "extra_annotations", "extra_container_config", "extra_labels",
        "extra_pod_config", "extra_resource_guarantees", "extra_resource_limits", "lifecycle_hooks", "node_selector",
        "pod_security_context", "storage_extra_annotations", "storage_extra_labels", "storage_selector",
    }
)  # fmt: skip
LIMITS, GUARANTEES = "extra_resource_limits", "extra_resource_guarantees"
"""The settings with limits and with requests of devices, huge pages and storage."""
CHART_LISTS = frozenset(
    {
        "extra_containers", "init_containers", "node_affinity_preferred", "node_affinity_required",
        "pod_affinity_preferred", "pod_affinity_required", "pod_anti_affinity_preferred",
        "pod_anti_affinity_required", "tolerations", "volume_mounts", "volumes",
    }
)  # fmt: skip
"""Lists that the chart fills; a profile's list replaces them, a mapping of name to entry is merged with them."""
REPLACED: Mapping[str, Mapping[str, str]] = {
    "extra_pod_config": {
        "affinity": "write `node_affinity_required`, `pod_affinity_preferred` and the like beside it",
        "containers": "write `extra_containers` beside it, as a mapping",
        "initContainers": "write `init_containers` beside it, as a mapping",
        "nodeSelector": "write `node_selector:` in the profile or in a size",
        "securityContext": "write `pod_security_context` beside it",
        "tolerations": "write `tolerations:` in the profile or in a size",
        "volumes": "write `volumes` beside it, as a mapping",
    },
    "extra_container_config": {
        "env": "write `environment` beside it",
        "image": "name the image in `images:` of the profile",
        "lifecycle": "write `lifecycle_hooks` beside it",
        "resources": "use `cpu`, `memory` and `devices` of a size, or `extra_resource_limits` beside it",
        "securityContext": "write `container_security_context` beside it",
        "volumeMounts": "write `volume_mounts` beside it, as a mapping",
    },
}
"""Fields of an object that override what KubeSpawner sets from other settings, with what to write instead.

Source: KubeSpawner, objects.py (make_pod) and utils.py (update_k8s_model).
"""
TEXTS = frozenset(
    {
        "default_url", "image_pull_policy", "notebook_dir", "priority_class_name", "scheduler_name", "service_account",
        "storage_capacity", "storage_class", "working_dir",
    }
)  # fmt: skip
INTEGERS = frozenset({"fs_gid", "gid", "http_timeout", "port", "uid"})
BOOLEANS = frozenset(
    {
        "allow_privilege_escalation", "automount_service_account_token", "debug", "delete_pvc", "delete_stopped_pods",
        "privileged", "storage_pvc_ensure",
    }
)  # fmt: skip
LISTS = frozenset({"args", "cmd", "image_pull_secrets", "storage_access_modes", "supplemental_gids"})
MATRIX_FIELDS = {
    "image": "images:",
    "profile_list": "profiles:",
}
"""Settings that have a field of their own in matrix.yaml."""
TOO_LATE = {
    "start_timeout": "remove it, and set `singleuser.startTimeout` in the chart's values; "
    "the hub reads it before it looks at the profile",
}
"""Settings that a profile sets too late; jupyterhub/user.py, ``spawn``."""
KNOWN = NUMBERS | MEMORY | MAPPINGS | CHART_LISTS | TEXTS | INTEGERS | BOOLEANS | LISTS
EXPANDED = frozenset(
    {
        "environment", "extra_annotations", "extra_containers", "extra_labels", "extra_pod_config", "init_containers",
        "service_account", "storage_extra_annotations", "storage_extra_labels", "storage_selector", "volume_mounts",
        "volumes",
    }
)  # fmt: skip
"""Settings whose texts KubeSpawner expands with ``str.format``."""
FORMER = {
    "image_spec": "image",
    "singleuser_image_spec": "image",
    **{
        f"singleuser_{name}": name
        for name in (
            "extra_annotations", "extra_container_config", "extra_containers", "extra_labels", "extra_pod_config",
            "fs_gid", "image_pull_policy", "image_pull_secrets", "init_containers", "node_selector", "privileged",
            "service_account", "supplemental_gids", "uid", "working_dir",
        )
    },
    **{
        f"user_{name}": name
        for name in (
            "storage_access_modes", "storage_capacity", "storage_class", "storage_extra_labels", "storage_pvc_ensure",
        )
    },
}  # fmt: skip
"""Former names of settings, which KubeSpawner still takes, with a warning in its log: ``_deprecated_traits``."""
EQUIVALENTS = FORMER | {
    "extraEnv": "environment", "extraPodConfig": "extra_pod_config", "nodeSelector": "node_selector",
    "extraTolerations": "tolerations", "env": "environment", "memory_limit": "mem_limit",
    "memory_guarantee": "mem_guarantee", "extraResource": "extra_resource_limits", "defaultUrl": "default_url",
}  # fmt: skip
"""Names of the same settings in the chart and elsewhere."""
