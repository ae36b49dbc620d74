"""Checks package lists for repeated packages and missing package managers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config import requirement
from image_matrix.config.conda import ANACONDA, MICROMAMBA
from image_matrix.config.lineage import lineage
from image_matrix.config.model import MANAGERS
from image_matrix.config.package_files import advice_for, is_file_name
from image_matrix.config.package_names import package_name
from image_matrix.config.r import is_source, r_manager
from image_matrix.diagnostics import catalogue as rules
from image_matrix.lock.distributions import is_bare
from image_matrix.validate.downloads import INSTALLER, likely_installer
from image_matrix.validate.findings import bad_value
from image_matrix.validate.foreign import lacking
from image_matrix.validate.own_installers import is_stated, statement_advice
from image_matrix.validate.references import every_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

LAYER_LIMIT = 120
"""Overlay file systems and CRI-O stop at 127 or 128 layers; a few are kept for the source image's own."""
SOURCE_LAYERS = 10
_VERSION = re.compile(r"@v?[0-9]")
"""The version of an extension; `latest` and `pre-release` are others each day."""


def _lists(matrix: Matrix) -> Iterator[tuple[Path, Manager, tuple[str, ...]]]:
    for path, settings in every_settings(matrix):
        for manager in MANAGERS:
            yield (*path, manager), manager, settings.packages.get(manager, ())


def listed_twice(matrix: Matrix) -> Iterator[Finding]:
    """One package twice in one list, and extensions without a version."""
    for path, manager, items in _lists(matrix):
        first: dict[str, int] = {}
        for position, item in enumerate(items):
            # the same project once for each platform or Python is no repetition
            name = package_name(manager, item) + item.partition(";")[2]
            earlier = first.setdefault(name, position)
            if earlier != position:
                fields = {"name": package_name(manager, item), "manager": manager}
                finding = rules.PACKAGE_TWICE.at((*path, position), **fields)
                yield finding.beside(((*path, earlier), "first listed here"))
            if (
                manager == "extensions"
                and "{" not in item
                and not _VERSION.search(item)
                and not is_file_name(item)
            ):
                yield rules.UNPINNED.at((*path, position), value=item.partition("@")[0])


def files_in_lists(matrix: Matrix) -> Iterator[Finding]:
    """Names of files among packages, which installers take for packages of that name."""
    for path, manager, items in _lists(matrix):
        for position, item in enumerate(items):
            if is_file_name(item) and manager != "npm":
                what = "package: it is the name of a file"
                yield rules.BAD_PACKAGE.at((*path, position), value=item, what=what, advice=advice_for(item))


def defaults_of_anaconda(matrix: Matrix) -> Iterator[Finding]:
    """The channel ``defaults``, which is what the conda of a machine is set to."""
    channels = [
        ((*path, "conda", "channels"), settings.channels) for path, settings in every_settings(matrix)
    ]
    channels += [
        (("accelerators", name, "conda", "channels"), item.channels)
        for name, item in matrix.accelerators.items()
    ]
    for path, names in channels:
        if "defaults" in names:
            problem = "`defaults` is another channel on each machine"
            advice = f"remove it, or write an address, such as `{ANACONDA}`"
            yield bad_value((*path, names.index("defaults")), problem, advice)


def bad_requirements(matrix: Matrix) -> Iterator[Finding]:
    """Python requirements with a version or a marker that no installer reads."""
    for path, manager, items in _lists(matrix):
        for position, item in enumerate(items if manager == "pip" else ()):
            advice = None if "{" in item else requirement.problem(item)
            if advice:
                place, what = (*path, position), "Python requirement"
                yield rules.BAD_PACKAGE.at(place, value=item, what=what, advice=advice)


_WITHOUT_MICROMAMBA = "micromamba is not among the downloads", f"add to `downloads:`: `{INSTALLER}`"


def without_installer(
    matrix: Matrix, expanded: Mapping[str, Variant], custom_pip: Collection[str]
) -> Iterator[Finding]:
    """Yield packages whose manager is not in the image; kinds in ``custom_pip`` install Python packages themselves.

    :func:`without_shown_installer` is about images on own Dockerfiles, which themselves ignore packages.
    """
    for item in expanded.values():
        if not any(one.build for one in lineage(expanded, item)):
            yield from _without_installer(matrix, expanded, item, custom_pip)


def without_shown_installer(
    matrix: Matrix, expanded: Mapping[str, Variant], shown: Mapping[str, Collection[Manager]]
) -> Iterator[Finding]:
    """Yield packages on own Dockerfiles whose manager is neither stated nor shown there.

    ``shown`` has the managers that the Dockerfiles below a variant show; a variant that it lacks is not reported.
    """
    for item in (expanded[name] for name in shown):
        yield from _without_installer(matrix, expanded, item, (), shown[item.id])


def _without_installer(
    matrix: Matrix,
    expanded: Mapping[str, Variant],
    item: Variant,
    custom_pip: Collection[str],
    shown: Collection[Manager] = (),
) -> Iterator[Finding]:
    chain = list(lineage(expanded, item))
    for manager in item.packages:
        if manager in shown or ((item.foreign or manager == "npm") and is_stated(chain, manager)):
            continue
        if item.foreign and (manager in ("pip", "conda") or not is_bare(matrix.sources[item.root_source])):
            missing = lacking(matrix, expanded, item, manager)
        elif manager == "pip":
            missing = _missing_uv(expanded, item, custom_pip)
        else:
            missing = _missing_installer(matrix, expanded, item, manager)
        if missing:
            problem, advice = missing
            advice = statement_advice(matrix, chain, manager) or advice
            fields = {"image": item.image, "manager": manager, "problem": problem, "advice": advice}
            yield rules.NO_INSTALLER.at(_list_of(matrix, item, manager), "key", **fields)


def _list_of(matrix: Matrix, item: Variant, manager: Manager) -> Path:
    """Return where an image lists a manager's packages, or the bundles that have them."""
    listed = matrix.images[item.image].settings.packages.get(manager)
    return ("images", item.image, manager if listed else "bundles")


def _missing_installer(
    matrix: Matrix, expanded: Mapping[str, Variant], item: Variant, manager: Manager
) -> tuple[str, str] | None:
    if manager == "conda" and _without_micromamba(matrix):
        return _WITHOUT_MICROMAMBA
    if manager == "extensions" and not any("code-server" in one.downloads for one in lineage(expanded, item)):
        return "code-server is not in its chain", "add `downloads: [code-server]` here or in a parent"
    if manager == "npm" and not any(
        "npm" in _names(one, "apt", "conda") or "nodejs" in _names(one, "conda")
        for one in lineage(expanded, item)
    ):
        return "nothing in its chain installs npm", "add `apt: [nodejs, npm]` here or in a parent"
    return _missing_r(list(lineage(expanded, item))) if manager == "cran" else None


def _missing_r(chain: Sequence[Variant]) -> tuple[str, str] | None:
    """Return what the packages of ``cran`` lack in the first image of a chain: R, or R of the distribution."""
    managers = {r_manager(one) for one in chain}
    if "apt" in managers or any("r" in one.provides for one in chain):
        return None
    if "conda" in managers:
        names_of_conda = ", ".join(f"r-{name.lower()}" for name in _names(chain[0], "cran"))
        problem = "R is conda's in its chain, and CRAN's binaries are built for the distribution's libraries"
        return problem, f"remove `cran`, and list them as packages of conda: `conda: [{names_of_conda}]`"
    apt = "[r-base, r-base-dev]" if any(map(is_source, chain[0].packages["cran"])) else "[r-base]"
    stated = "or state what a download brings: `provides: {r: VERSION}`"
    return "nothing in its chain installs R", f"add `apt: {apt}` here or in a parent, {stated}"


def _without_micromamba(matrix: Matrix) -> bool:
    return MICROMAMBA not in matrix.downloads and not likely_installer(matrix)


def _names(item: Variant, *managers: Manager) -> Iterator[str]:
    return (package_name(manager, line) for manager in managers for line in item.packages.get(manager, ()))


def _missing_uv(
    expanded: Mapping[str, Variant], item: Variant, custom_pip: Collection[str]
) -> tuple[str, str] | None:
    """Return the problem of the first image of a chain that lists Python packages without uv to install them."""
    chain = list(lineage(expanded, item))
    if any(one.packages.get("pip") for one in chain[1:]) or any(
        one.kind in custom_pip or one.build for one in chain
    ):
        return None
    if any("uv" in (*_names(one, "pip", "conda"), *one.downloads) for one in chain):
        return None
    advice = "add uv with its version to `pip` here or in a parent, as in `pip: [uv==0.13.8]`"
    return "nothing in its chain installs uv", advice


def provider_without_needs(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Pythons from uv or conda without a version, or without what installs them; another Python than the parent's."""
    for item in expanded.values():
        if item.build is not None:
            continue
        parent = expanded[item.parent] if item.parent else None
        if parent is not None:
            problems = _other_than_parent(item, parent)
        else:
            problems = (
                _missing_for_provider(matrix, item) if item.python_provider != "distribution" else iter(())
            )
        for problem, advice in problems:
            path: Path = ("images", item.image, "python")
            fields = {"image": item.image, "provider": item.python_provider}
            yield rules.PROVIDER_NEEDS.at(path, "key", problem=problem, advice=advice, **fields)


def _other_than_parent(item: Variant, parent: Variant) -> Iterator[tuple[str, str]]:
    if item.python_provider != parent.python_provider:
        problem = f"its parent `{parent.image}` has the Python of `{parent.python_provider}`"
        yield problem, "remove `python_provider`: an image keeps the Python of its parent"


def _missing_for_provider(matrix: Matrix, item: Variant) -> Iterator[tuple[str, str]]:
    if item.foreign:
        advice = "remove `python_provider`, or give the image a `kind` that installs Python, such as `base`"
        yield "an image without a kind has the Python of its source", advice
        return
    if "python" not in item.values:
        yield "it has no axis `python` that says which", 'add, for example, `axes: {python: ["3.13"]}` here'
    if item.python_provider == "conda" and _without_micromamba(matrix):
        yield _WITHOUT_MICROMAMBA
    if item.system_site_packages:
        problem = "`system_site_packages` has no effect: it is about the Python of the distribution"
        yield problem, "remove `system_site_packages`, or `python_provider`"
    if item.python_provider == "uv" and "uv" not in _names(item, "pip"):
        yield "uv is not among its packages", "add uv with its version to `pip`, as in `pip: [uv==0.13.8]`"


def too_many_layers(_matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Chains that no container runtime would start."""
    totals: dict[str, int] = {}
    for item in expanded.values():
        below = totals.get(item.parent or "", SOURCE_LAYERS)
        totals[item.id] = (
            below
            + len(item.packages)
            + bool(item.apt_repositories)
            + bool(item.apt_files)
            + len(item.downloads)
            + len(item.files)
            + len(item.scripts)
            + 4
        )
        if below <= LAYER_LIMIT < totals[item.id]:
            fields = {"image": item.image, "count": totals[item.id], "limit": LAYER_LIMIT}
            yield rules.TREE_LIMIT.at(("images", item.image), "key", **fields)
