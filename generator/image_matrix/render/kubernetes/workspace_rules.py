"""Renders the rules of a WorkspaceKind: who may choose what, and when Workspaces pause.

Source: kubeflow/notebooks, workspaces/backend/internal/filterrules/engine.go. Of the rules of one scope, the first one
that matches counts. A namespace without the label of a rule matches `NotIn`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from image_matrix.profiles.devices import NONE
from image_matrix.render.kubernetes.workspace_values import FOR, LABEL, OPTIONAL, groups_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from image_matrix.render.kubernetes.workspace_values import Value

_SCOPES = {"imageConfig": "IMAGE_CONFIG", "podConfig": "POD_CONFIG"}


def filter_rules(images: Sequence[Value], pods: Sequence[Value], group_label: str | None) -> list[Any]:
    """Return who may choose which image and pod, and which images go with which pods."""
    rules: list[Any] = []
    if group_label:
        rules += _of_the_kind(group_label, images)
        rules += [
            *_of_groups(group_label, "imageConfig", images),
            *_of_groups(group_label, "podConfig", pods),
        ]
    return [
        *rules,
        *(_of_devices(vendor) for vendor in sorted({value.accelerator for value in images} - {OPTIONAL})),
    ]


def _of_the_kind(label: str, images: Sequence[Value]) -> Iterator[dict[str, Any]]:
    """Yield the rule that hides a kind in which everything is for groups."""
    groups = dict.fromkeys(group for value in images for group in value.shown.groups)
    if all(value.shown.groups for value in images):
        match = [_matches("namespace", label, "NotIn", [*groups])]
        yield {"scope": "WORKSPACE_KIND", "match": match, "effect": _refused(_for_groups(groups))}


def _of_groups(label: str, kind: str, values: Sequence[Value]) -> Iterator[dict[str, Any]]:
    """Yield a rule for each audience: other namespaces do not see the values, and may not choose them."""
    for groups in dict.fromkeys(value.shown.groups for value in values if value.shown.groups):
        effect = _refused(_for_groups(groups))
        yield {
            "scope": _SCOPES[kind],
            "match": [
                _matches(kind, FOR, "In", [groups_text(groups)]),
                _matches("namespace", label, "NotIn", groups),
            ],
            "effect": {**effect, "api": {"hide": True, **effect["api"]}},
        }


def _for_groups(groups: Iterable[str]) -> str:
    return f"This is for {', '.join(groups)}."


def _matches(kind: str, key: str, operator: str, values: Sequence[str]) -> dict[str, Any]:
    expression = {"key": key, "operator": operator, "values": [*values]}
    return {f"match{kind[0].upper()}{kind[1:]}": {"selector": {"matchExpressions": [expression]}}}


def _of_devices(value: str) -> dict[str, Any]:
    """Return the rule that allows images with a label only on pods with the same label."""
    text = (
        "This image needs no accelerator."
        if value == NONE
        else f"This image needs a pod with {value} devices."
    )
    return {
        "scope": "POD_CONFIG",
        "match": [
            _matches("imageConfig", LABEL, "In", [value]),
            _matches("podConfig", LABEL, "NotIn", [value]),
        ],
        "effect": _refused(text),
    }


def _refused(text: str) -> dict[str, Any]:
    return {"ui": {"hide": True}, "api": {"deny": True, "denyMessage": {"text": text[:1024]}}}


def activity_rules(minutes: int | None) -> list[dict[str, Any]]:
    """Return the rule that pauses Workspaces; none if they never pause."""
    if minutes is None:
        return []
    return [{"config": {"secondsSinceActive": 60 * minutes}, "effect": {"pauseWorkspace": True}}]
