"""Finds build secrets with names that steer programs, and those that no step of an image can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.model import Kind
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.validate.findings import bad_value
from image_matrix.validate.references import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

TAKEN = {
    "ARCH", "BASH_ENV", "BUILD_SECRETS", "EMULATE", "ENV", "FREE_DISK", "HOME", "IFS", "LABEL", "LANG", "PATH",
    "PLATFORM", "SHELL", "TMPDIR", "USER", "VARIANT",
}  # fmt: skip
"""Variables of shells and of the jobs of the workflow."""
TAKEN_PREFIXES = (
    "ACTIONS_", "BUILDKIT_", "BUILDX_", "DOCKER_", "GITHUB_", "HTTP", "IMAGE_MATRIX_", "LD_", "OTEL_", "PYTHON",
    "RUNNER_", "SSL_", "UV_", "XDG_",
)  # fmt: skip
"""How variables begin that programs of a build read.

GitHub allows no secret that begins with ``GITHUB_``: docs.github.com/actions/reference/security/secrets.
"""


def taken_names(matrix: Matrix) -> Iterator[Finding]:
    """Names of variables that programs of a build read."""
    for path, settings in settings_of(matrix):
        for at, name in enumerate(settings.secrets):
            if name in TAKEN or name.startswith(TAKEN_PREFIXES):
                problem = f"a variable `{name}` would change how programs of the build work"
                yield bad_value(
                    (*path, "secrets", at), problem, "give the secret another name, such as `R_TOKEN`"
                )


def unread(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Secrets of images that have neither scripts nor steps of their own."""
    idle: dict[Path, Finding] = {}
    used: set[Path] = set()
    for item in (one for one in expanded.values() if one.secrets):
        path: Path = (*resolution_of(matrix, expanded, item).secrets[0].origin.path, "secrets")
        ignores = matrix.kinds.get(item.kind, Kind()).ignores
        if item.scripts or item.build or (item.kind != NO_KIND and "secrets" not in ignores):
            used.add(path)
        else:
            reason, advice = "no step of the image reads secrets", "add `scripts: [FILE]`, or remove it"
            idle[path] = rules.IGNORED_FIELD.at(path, "key", reason=reason, advice=advice)
    yield from (finding for path, finding in idle.items() if path not in used)
