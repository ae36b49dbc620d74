"""Knows GitHub's limits for workflows, and refuses what GitHub would not start."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from image_matrix.diagnostics import MatrixError, Place, diagnostic
from image_matrix.diagnostics import catalogue as rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from image_matrix.config.model import Variant

FILE_LIMIT = 500_000
"""Bytes of a workflow file; docs.github.com/actions/reference/limits."""
NODE_LIMIT = 50_000
"""Nodes of a workflow file; github.com/actions/runner, src/Sdk/WorkflowParser/Conversion/YamlObjectReader.cs."""
OUTPUT_LIMIT = 400_000
"""Characters of all outputs of a job; GitHub allows 1 MB, counted as UTF-16."""
VARIABLE_LIMIT = 128 * 1024
"""Bytes of one environment variable on Linux: MAX_ARG_STRLEN, execve(2)."""
LARGE = "split the matrix into two, remove axis values that nobody uses, or write `workflow: none`"
"""The remedy for a matrix that does not fit in a workflow with jobs for layers."""
LARGE_FOR_IMAGES = (
    "write `workflow: {jobs: layer}`, which has room for more, or remove axis values that nobody uses"
)
"""The remedy for a matrix that does not fit in a workflow with jobs for images."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_AROUND = 4
"""The nodes that GitHub counts for the start and end of stream and document."""


def nodes(content: bytes) -> int:
    """Return the number of YAML nodes as GitHub counts them.

    A scalar is one, a mapping or sequence two with its content besides, keys too. An alias counts each time with
    everything that it stands for.
    """
    counted: dict[int, int] = {}

    def count(node: yaml.Node) -> int:
        if id(node) not in counted:
            counted[id(node)] = 1 if isinstance(node, yaml.ScalarNode) else 2 + sum(map(count, _parts(node)))
        return counted[id(node)]

    root = yaml.compose(content, Loader=_LOADER)
    return _AROUND + (count(root) if root else 0)


def _parts(node: yaml.Node) -> list[yaml.Node]:
    """Return the nodes directly below a mapping or sequence."""
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return list(node.value)


def check_file(path: str, content: bytes, advice: str = LARGE) -> None:
    """Raise :class:`MatrixError` if GitHub would not read a workflow or an action."""
    size = len(content)
    if size > FILE_LIMIT:
        _refuse(
            path,
            f"{path} has {size // 1000} KB, and GitHub starts no workflow over {FILE_LIMIT // 1000} KB",
            advice,
        )
    number = nodes(content)
    if number > NODE_LIMIT:
        _refuse(
            path,
            f"{path} has {number:,} YAML nodes, and GitHub reads no workflow over {NODE_LIMIT:,} of them",
            advice,
        )


def check_outputs(variants: Mapping[str, Variant]) -> None:
    """Raise :class:`MatrixError` if the plan of everything does not fit into the outputs of a job."""
    size = sum(
        len(item.platforms) * (2 * len(item.label) + 2 * len(item.image) + 100) + len(item.image)
        for item in variants.values()
    )
    if size > OUTPUT_LIMIT:
        fits = f"a job's outputs hold {OUTPUT_LIMIT // 1000}"
        problem = f"the plan of {len(variants)} variants has up to {size // 1000} KB, and {fits}"
        _refuse(".github/workflows/images.yaml", problem, LARGE_FOR_IMAGES)


def check_layer_outputs(outputs: Mapping[str, str]) -> None:
    """Raise :class:`MatrixError` if the plan's outputs by layer are too long, or one of them for a variable."""
    size = sum(map(len, outputs.values()))
    longest = max((len(value) for name, value in outputs.items() if name != "entries"), default=0)
    if size > OUTPUT_LIMIT:
        problem = f"the plan has up to {size // 1000} KB, and a job's outputs hold {OUTPUT_LIMIT // 1000}"
        _refuse(".github/workflows/images.yaml", problem)
    if longest >= VARIABLE_LIMIT:
        problem = f"a layer has {longest // 1024} KB of names, and a variable holds {VARIABLE_LIMIT // 1024}"
        _refuse(".github/workflows/images.yaml", problem)


def _refuse(path: str, problem: str, advice: str = LARGE) -> None:
    raise MatrixError([diagnostic(rules.WORKFLOW_LIMIT, Place(path, 0, 0), problem=problem, advice=advice)])
