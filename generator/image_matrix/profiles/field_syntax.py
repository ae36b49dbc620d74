"""Maps the fields of an override to their syntax (:mod:`image_matrix.profiles.kubernetes`).

Names of fields are in camelCase, as in Kubernetes' YAML.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.profiles import kubernetes as k8s
from image_matrix.profiles.fields import ENTRIES, camel_case

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.diagnostics import Path
    from image_matrix.profiles.kubernetes import Syntax

KEYS: Mapping[str, Syntax] = {
    "environment": k8s.VARIABLE,
    "extra_annotations": k8s.ANNOTATION_NAME,
    "extra_labels": k8s.LABEL_NAME,
    "extra_resource_guarantees": k8s.RESOURCE,
    "extra_resource_limits": k8s.RESOURCE,
    "matchLabels": k8s.LABEL_NAME,
    "node_selector": k8s.LABEL_NAME,
    "storage_extra_annotations": k8s.ANNOTATION_NAME,
    "storage_extra_labels": k8s.LABEL_NAME,
}
"""The syntax of the keys of a mapping."""
VALUES: Mapping[str, Syntax] = {
    "extra_labels": k8s.LABEL_VALUE,
    "extra_resource_guarantees": k8s.QUANTITY,
    "extra_resource_limits": k8s.QUANTITY,
    "limits": k8s.QUANTITY,
    "matchLabels": k8s.LABEL_VALUE,
    "node_selector": k8s.LABEL_VALUE,
    "requests": k8s.QUANTITY,
    "storage_extra_labels": k8s.LABEL_VALUE,
}
"""The syntax of the values of a mapping."""
_PULL_POLICY = k8s.one_of("a pull policy", "Always", "IfNotPresent", "Never")
SETTINGS: Mapping[str, Syntax] = {
    "image_pull_policy": _PULL_POLICY,
    "image_pull_secrets": k8s.OBJECT,
    "priority_class_name": k8s.OBJECT,
    "scheduler_name": k8s.OBJECT,
    "service_account": k8s.OBJECT,
    "storage_access_modes": k8s.one_of(
        "an access mode", "ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"
    ),
    "storage_capacity": k8s.QUANTITY,
    "storage_class": k8s.OBJECT,
}
"""The syntax of a setting's text, or of each text in its list."""
RANGES: Mapping[str, tuple[int, int]] = {
    **dict.fromkeys(("fs_gid", "gid", "supplemental_gids", "uid"), (0, 2**31 - 1)),
    "http_timeout": (1, 2**31 - 1),
    "port": (1, 65535),
}
"""The least and the largest number of a setting."""
_ANYWHERE: Mapping[str, Syntax] = {
    "claimName": k8s.OBJECT,
    "hostname": k8s.OBJECT_PART,
    "imagePullPolicy": _PULL_POLICY,
    "mountPath": k8s.MOUNT_PATH,
    "nodeName": k8s.OBJECT,
    "priorityClassName": k8s.OBJECT,
    "restartPolicy": k8s.one_of("a restart policy", "Always", "OnFailure", "Never"),
    "runtimeClassName": k8s.OBJECT,
    "schedulerName": k8s.OBJECT,
    "secretName": k8s.OBJECT,
    "serviceAccountName": k8s.OBJECT,
    "sizeLimit": k8s.QUANTITY,
    "subdomain": k8s.OBJECT_PART,
    "topologyKey": k8s.LABEL_NAME,
}
_BELOW: Mapping[tuple[str, str], Syntax] = {
    ("env", "name"): k8s.VARIABLE,
    ("matchExpressions", "key"): k8s.LABEL_NAME,
    ("matchExpressions", "operator"): k8s.one_of(
        "an operator", "In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"
    ),
    ("matchExpressions", "values"): k8s.LABEL_VALUE,
    **{
        (owner, "name"): k8s.OBJECT
        for owner in (
            "configMap", "configMapKeyRef", "configMapRef", "image_pull_secrets", "imagePullSecrets", "secret",
            "secretKeyRef", "secretRef",
        )
    },
}  # fmt: skip
WORDS = frozenset({"args", "command"})
"""Fields that are a list of texts: the words of a command, which is run without a shell."""


def syntax_of(path: Path) -> Syntax | None:
    """Return the syntax of the text at a path that starts with the setting; ``None`` if any text is valid."""
    steps = [step for step in path if isinstance(step, str)]
    setting, owner, field = str(path[0]), camel_case(steps[-2]) if len(steps) > 1 else "", steps[-1]
    if len(steps) == 1:
        return SETTINGS.get(setting)
    if setting in ENTRIES and len(path) == 3 and field == "name":
        return k8s.OBJECT_PART
    values = VALUES.get(steps[-2]) if isinstance(path[-1], str) else None
    field = camel_case(field)
    return values or _BELOW.get((owner, field)) or _BELOW.get((steps[-2], field)) or _ANYWHERE.get(field)


def key_syntax_of(path: Path) -> Syntax | None:
    """Return the syntax of the keys of the mapping at a path."""
    return KEYS.get(str(path[-1]))
