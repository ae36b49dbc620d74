"""Checks what R needs in an image: a kernel where people use JupyterLab, a compiler where packages are built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.r import has_compiler, has_r, has_r_kernel, is_source, r_manager
from image_matrix.config.served_app import ide_of
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import is_bare
from image_matrix.validate.findings import bad_value, once_a_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_KERNEL = {
    "apt": "`r-cran-irkernel` to `apt`",
    "conda": "`r-irkernel` to `conda`",
    None: "`IRkernel` to `cran`",
}
"""What brings the kernel to an image whose R comes from a package manager, or from elsewhere."""


def without_kernel(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images with JupyterLab and R, but without R's kernel: the first of each chain, once for all its variants."""
    return once_a_place(_without_kernel(matrix, expanded))


def _without_kernel(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    for item in expanded.values():
        chain = list(lineage(expanded, item))
        if _lacks_kernel(expanded, chain) and not (chain[1:] and _lacks_kernel(expanded, chain[1:])):
            brought = next((name for one in chain if (name := r_manager(one))), None)
            path: Path = ("images", item.image)
            if brought == r_manager(item) is not None:
                path = _list_of(matrix, expanded, item)
            yield rules.NO_R_KERNEL.at(path, "key", image=item.image, advice=_KERNEL[brought])


def _lacks_kernel(expanded: Mapping[str, Variant], chain: Sequence[Variant]) -> bool:
    """Say whether the kernel is surely missing: scripts and Dockerfiles may install it."""
    if ide_of(expanded, chain[0].id) != "jupyter" or _is_opaque(chain):
        return False
    return has_r(chain) and not has_r_kernel(chain)


def _list_of(matrix: Matrix, expanded: Mapping[str, Variant], item: Variant) -> Path:
    """Return the list that brings R to an image: its own, or that of a bundle or an override."""
    manager = r_manager(item) or "apt"
    entries = resolution_of(matrix, expanded, item).packages[manager]
    brings = next(one for one in entries if one.value.rpartition("::")[2].startswith("r-"))
    return (*brings.origin.path, manager)


def without_compiler(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Entries of ``cran`` that are built from source, in chains that surely have no compiler."""
    return once_a_place(_without_compiler(matrix, expanded))


def _without_compiler(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    for item in expanded.values():
        chain = list(lineage(expanded, item))
        if not has_r(chain) or may_compile(matrix, chain):
            continue
        for entry in resolution_of(matrix, expanded, item).packages.get("cran", ()):
            if is_source(entry.value):
                path = (*entry.origin.path, "cran", entry.position or 0)
                yield rules.NO_COMPILER.at(path, package=entry.value, image=item.image)


def tests_without_r(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Tests that load R packages in images that surely have no R."""
    return once_a_place(_tests_without_r(matrix, expanded))


def _tests_without_r(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    for item in expanded.values():
        chain = list(lineage(expanded, item))
        is_known = is_bare(matrix.sources.get(item.root_source, "")) and not _is_opaque(chain)
        if not item.tests.get("r_packages") or has_r(chain) or not is_known:
            continue
        first = next(iter(resolution_of(matrix, expanded, item).tests["r_packages"].values()))
        problem = f"nothing in the chain of `{item.image}` brings R, which would load the packages"
        advice = "add `apt: [r-base]` here or in a parent, or state what a download brings: `provides: {r: VERSION}`"
        yield bad_value((*first.origin.path, "tests", "r_packages"), problem, advice, "key")


def _is_opaque(chain: Sequence[Variant]) -> bool:
    """Say whether scripts or Dockerfiles may install more than the matrix says."""
    return any(one.scripts or one.build for one in chain)


def may_compile(matrix: Matrix, chain: Sequence[Variant]) -> bool:
    """Say whether a chain has a compiler, or may have one: from scripts, a Dockerfile or a source with more in it."""
    root = matrix.sources.get(chain[0].root_source, "")
    return not is_bare(root) or has_compiler(chain) or _is_opaque(chain)
