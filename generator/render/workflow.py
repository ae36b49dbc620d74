"""The GitHub Actions workflows, from templates/workflows/; refused where GitHub would not run them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from jinja2 import TemplateRuntimeError
from markupsafe import Markup

from generator.actions import actions, image, tool_version
from generator.diagnostics import MatrixError, Place, diagnostic
from generator.diagnostics import catalogue as rules
from generator.render.file import File
from generator.render.templates import environment, get_template, render, word
from generator.render.workflow_jobs import build_jobs, native_runner, scan_jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from generator.matrix.model import Matrix, Variant

FOLDER = ".github/workflows"
FILE_LIMIT = 500_000
"""Bytes of a workflow file; docs.github.com/actions/reference/limits."""
OUTPUT_LIMIT = 400_000
"""Characters of all outputs of a job; GitHub allows 1 MB, counted as UTF-16."""
_TEMPLATE_SUFFIX = ".yaml.j2"


def workflows(matrix: Matrix, variants: Mapping[str, Variant], sources: Mapping[str, str]) -> dict[str, File]:
    """Return every workflow by path.

    Raises :class:`MatrixError` where GitHub would not run one: IM801.
    """
    made = environment(
        sources,
        variable_start_string="<{",
        variable_end_string="}>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
    )
    made.filters |= {"yaml": yaml_text, "words": words, "runner": runner}
    values = _values(matrix, variants)
    found = {}
    for name in sorted(sources):
        if name.endswith(_TEMPLATE_SUFFIX):
            path = f"{FOLDER}/{name.removesuffix('.j2')}"
            found[path] = File(render(get_template(made, name), **values).encode())
            _check_size(path, found[path])
    _check_outputs(variants)
    return found


def yaml_text(value: object) -> Markup:
    """Quote a text as a YAML scalar of a workflow; JSON's strings are YAML's double-quoted ones.

    Refuses what GitHub would evaluate: the matrix is data.
    """
    if "${{" in str(value):
        message = f"`{value}` would be evaluated by GitHub"
        raise TemplateRuntimeError(message)
    return Markup(json.dumps(str(value)))  # noqa: S704 - quoted here


def words(values: Iterable[str]) -> Markup:
    """Return names as the items of a YAML list in one line."""
    return Markup(", ").join(word(value) for value in values)


def runner(labels: tuple[str, ...]) -> Markup:
    """Return what stands after ``runs-on:``: one label, or the list of all that a runner must have."""
    return words(labels) if len(labels) == 1 else Markup("[{}]").format(words(labels))


def uses(name: str) -> Markup:
    """Return what stands after ``uses:``: the action at its commit, with the version as comment."""
    found = actions()[name]
    return Markup(f"{found.name}@{found.sha} # {found.version}")  # noqa: S704 - from our own table


def _values(matrix: Matrix, variants: Mapping[str, Variant]) -> dict[str, object]:
    """Return the names that templates have."""
    jobs = build_jobs(matrix, variants)
    scans = scan_jobs(matrix, jobs)
    return {
        "build": matrix.build,
        "jobs": jobs,
        "scans": scans,
        "all_jobs": [*(job.id for job in jobs), *(f"scan_{scan.image}" for scan in scans)],
        "any_free_disk": any(job.free_disk for job in jobs),
        "any_emulated": any(job.emulated for job in jobs),
        "first_runner": native_runner(matrix.build),
        "fork_platform": next(p for p in matrix.build.runners if matrix.build.runner("", p)),
        "sign_secret": _sign_secret(matrix.build.sign.key),
        "uses": uses,
        "registry_host": matrix.registry.partition("/")[0],
        "uv_version": tool_version("uv"),
        "cosign_version": tool_version("cosign"),
        "buildkit": image("docker.io/moby/buildkit"),
    }


def _sign_secret(key: str | None) -> str | None:
    """Return the secret that holds the key, for ``env://NAME``."""
    return key.removeprefix("env://") if key and key.startswith("env://") else None


def _check_size(path: str, file: File) -> None:
    size = len(file.content)
    if size > FILE_LIMIT:
        _refuse(
            path, f"{path} would have {size // 1000} KB, and GitHub starts none over {FILE_LIMIT // 1000} KB"
        )


def _check_outputs(variants: Mapping[str, Variant]) -> None:
    """Refuse a matrix whose plan, with everything to do, would not fit into the outputs of a job."""
    size = sum(
        2 * len(item.platforms) * (len(item.label) + 40) + len(item.image) for item in variants.values()
    )
    if size > OUTPUT_LIMIT:
        fits = f"a job's outputs hold {OUTPUT_LIMIT // 1000}"
        problem = f"the plan of {len(variants)} variants would have about {size // 1000} KB, and {fits}"
        _refuse(f"{FOLDER}/images.yaml", problem)


def _refuse(path: str, problem: str) -> None:
    advice = "split the matrix into two repositories, drop axis values that nobody uses, or switch it off with `build: {workflow: false}`"
    raise MatrixError([diagnostic(rules.WORKFLOW_LIMIT, Place(path, 0, 0), problem=problem, advice=advice)])
