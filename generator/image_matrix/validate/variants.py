"""Checks that axes, variants and platforms can be combined."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.layer_order import FROM, start_of, start_path
from image_matrix.config.model import LOCKED_MANAGERS
from image_matrix.config.platforms import LOCKABLE
from image_matrix.config.variants import by_image, combinations, kept, resolution_of, sound_images
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean, human
from image_matrix.lock.distributions import distribution_of
from image_matrix.validate.findings import bad_value, unknown, unknown_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Image, Match, Matrix, Variant
    from image_matrix.diagnostics import Finding, Path

_PYTHON = re.compile(r"3\.\d+(\.\d+)?")


def all_axes(matrix: Matrix, name: str) -> dict[str, tuple[str, ...]]:
    """Return the axes of an image with those of its ancestors, narrowed from the root on."""
    image = matrix.images[name]
    return {**inherited_axes(matrix, image), **image.axes}


def inherited_axes(matrix: Matrix, image: Image) -> dict[str, tuple[str, ...]]:
    """Return the axes of an image's parents, each with the values that any of them has."""
    axes: dict[str, tuple[str, ...]] = {}
    for parent in image.parents:
        for axis, values in all_axes(matrix, parent).items():
            axes[axis] = tuple(dict.fromkeys((*axes.get(axis, ()), *values)))
    return axes


def matches_of(image: Image) -> Iterator[tuple[Path, Match]]:
    """Yield every place where an image compares with axis values."""
    path: Path = ("images", image.name)
    for position, match in enumerate(image.exclude):
        yield (*path, "exclude", position), match
    for position, override in enumerate(image.overrides):
        yield (*path, "overrides", position, "match"), override.match


def unknown_axes(matrix: Matrix) -> Iterator[Finding]:
    """Axes that nobody declared."""
    for image in matrix.images.values():
        for position, axis in enumerate(image.axes):
            if not image.axes[axis]:
                yield unknown(("images", image.name, "axes", position), "axis", axis, matrix.axes)


def unknown_in_matches(matrix: Matrix, _expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Comparisons with axes and values that an image does not have."""
    for image in sound_images(matrix).values():
        axes = all_axes(matrix, image.name)
        for path, match in matches_of(image):
            yield from _unknown_in_match(image, path, match, axes)


def _unknown_in_match(
    image: Image, path: Path, match: Match, axes: Mapping[str, tuple[str, ...]]
) -> Iterator[Finding]:
    for axis, values in match.items():
        if axis == FROM:
            yield from _unknown_starts(image, path, values)
            continue
        if axis not in axes:
            without = "it has no axes; add `axes: [NAME]` here or in its root"
            advice = did_you_mean(axis, axes) if axes else without
            fields = {"where": human(path), "image": image.name, "axis": axis, "advice": advice}
            yield rules.AXIS_NOT_IN_IMAGE.at((*path, axis), "key", **fields)
            continue
        for position, value in enumerate(values):
            if value not in axes[axis]:
                yield unknown_value((*path, axis, position), path, axis, value, axes[axis])


def _unknown_starts(image: Image, path: Path, names: tuple[str, ...]) -> Iterator[Finding]:
    for position, name in enumerate(names):
        if name not in image.starts:
            problem = f"`{image.name}` is not built from `{name}`"
            yield bad_value((*path, FROM, position), problem, did_you_mean(name, image.starts))


def without_parent(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Values of an axis that the parent has not: a variant stands on the parent's with the same values."""
    variants = by_image(expanded.values())
    for image in sound_images(matrix).values():
        inherited = inherited_axes(matrix, image)
        for axis in (axis for axis in image.axes if axis in inherited):
            available = _available(image, axis, variants)
            for position, value in enumerate(image.axes[axis]):
                if available is not None and value not in available:
                    yield _no_parent_variant(image, axis, position, available)


def _available(image: Image, axis: str, variants: Mapping[str, list[Variant]]) -> list[str] | None:
    """Return the values of an axis that the parents of an image leave; ``None`` if they have no variants."""
    if len(image.starts) > 1:
        every = [values for values, _ in combinations(image, variants)]
    else:
        every = [dict(item.values) for item in variants.get(image.parent or "", ())]
    return list(dict.fromkeys(values[axis] for values in every if axis in values)) if every else None


def unused_starts(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Overrides that name what variants are built FROM, where no variant comes of it."""
    variants = by_image(expanded.values())
    for image in sound_images(matrix).values():
        chosen = {start_path(image, values) for values, _ in combinations(image, variants)}
        for position, override in enumerate(image.overrides):
            path: Path = ("images", image.name, "overrides", position, "from")
            if override.start is not None and chosen and path not in chosen:
                problem = f"no variant of `{image.name}` is built from `{override.start}` by this override"
                advice = f"`{override.start}` needs a variant that matches; later overrides win"
                yield bad_value(path, problem, advice)


def _no_parent_variant(image: Image, axis: str, position: int, available: list[str]) -> Finding:
    value = image.axes[axis][position]
    parent = start_of(image, {axis: value})
    advice = f"`{parent}` has {axis} {', '.join(available) or 'none'}; {did_you_mean(value, available)}"
    fields = {"image": image.name, "axis": axis, "value": value, "parent": parent}
    return rules.NO_PARENT_VARIANT.at(("images", image.name, "axes", axis, position), advice=advice, **fields)


def empty(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images of which nothing is left."""
    alive = by_image(expanded.values())
    for name, image in sound_images(matrix).items():
        if name in alive or (image.parents and alive.keys().isdisjoint(image.parents)):
            continue
        if not any(kept(image, values) for values, _ in combinations(image, alive)):
            advice = "relax `axes` or `exclude`, or remove the image"
            yield rules.EMPTY_VARIANTS.at(("images", name), "key", image=name, advice=advice)


def platforms(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Platforms that the parent is not built for, and images for which none is left."""
    for item in expanded.values():
        path: Path = ("images", item.image)
        if not item.platforms:
            yield rules.NO_PLATFORM.at(path, "key", image=item.image, advice=_no_platform(matrix, item))
        parent = expanded.get(item.parent or "", item)
        for platform in (one for one in item.platforms if one not in parent.platforms):
            advice = f"`{parent.image}` is built for {', '.join(parent.platforms)}"
            fields = {"image": item.image, "platform": platform, "parent": parent.image, "advice": advice}
            yield rules.PLATFORM_NOT_IN_PARENT.at(_platform_path(matrix, item, platform), **fields)


def unlockable(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Python and conda packages of images for platforms that no lock is made for."""
    seen: set[Path] = set()
    for item in expanded.values():
        resolution = resolution_of(matrix, expanded, item)
        platform = next((one for one in item.platforms if one not in LOCKABLE), None)
        listed = next((manager for manager in LOCKED_MANAGERS if item.packages.get(manager)), None)
        if platform is None or listed is None:
            continue
        origin = resolution.packages[listed][0].origin
        path: Path = (*origin.path, listed)
        if path not in seen:
            seen.add(path)
            problem = f"{item.id} is built for {platform}, which {listed} packages are not locked for"
            served = ", ".join(one for one in item.platforms if one in LOCKABLE)
            other = "install it with apt or in a Dockerfile"
            advice = f"write `platforms: [{served}]` for `{item.image}`, or {other}" if served else other
            yield bad_value(path, problem, advice, "key")


def _platform_path(matrix: Matrix, item: Variant, platform: str) -> Path:
    declared = matrix.images[item.image].settings.platforms
    path: Path = ("images", item.image)
    return (*path, "platforms", declared.index(platform)) if platform in declared else path


def _no_platform(matrix: Matrix, item: Variant) -> str:
    accelerator = matrix.accelerators.get(item.accelerator or "")
    if accelerator is None:
        return "give it `platforms:`"
    only = f"`{accelerator.name}` is for {', '.join(accelerator.platforms)} only"
    return f"{only}: add that to `platforms` of the images below, or take another accelerator"


def same_names(_matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Variants that would share a tag or a bake target; job ids and some disks ignore case."""
    seen: dict[tuple[str, str], Variant] = {}
    for item in expanded.values():
        for what, name in (("tag", f"{item.repository}:{item.label}"), ("target", item.target)):
            first = seen.setdefault((what, name.lower()), item)
            if first is not item:
                yield _same_name(first, item, what, name)
                break


def _same_name(first: Variant, second: Variant, what: str, name: str) -> Finding:
    renamed = any(item.repository != item.image for item in (first, second))
    advice = "give one of them another `repository`" if renamed and what == "tag" else "rename one of them"
    fields = {"first": _with_values(first), "second": _with_values(second), "advice": advice}
    return rules.SAME_TAG.at(("images", second.image), "key", what=f"the {what}", name=name, **fields)


def _with_values(item: Variant) -> str:
    values = ", ".join(f"{axis} {value}" for axis, value in item.values.items())
    return f"{item.image} ({values})" if values else item.image


def no_python(matrix: Matrix) -> Iterator[Finding]:
    """Values of the axis ``python`` that are no version which could be installed or locked for."""
    shared = matrix.axes.get("python", ())
    lists: list[tuple[Path, tuple[str, ...]]] = [(("axes", "python"), shared)]
    for name, image in matrix.images.items():
        declared = image.axes.get("python", shared)
        lists += [(("images", name, "axes", "python"), declared)] if declared != shared else []
    for path, values in lists:
        for position, value in enumerate(values):
            if not _PYTHON.fullmatch(value):
                fields = {"where": human(path), "value": value, "advice": _version_in(value)}
                yield rules.NO_PYTHON.at((*path, position), **fields)


def _version_in(value: str) -> str:
    match = re.search(r"(?<!\d)3\.?(\d+)$", value)
    return f'write "3.{match[1]}"' if match else 'write a version of Python 3, such as "3.13"'


def other_python(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Variants whose axis says another Python than their distribution has, where nothing installs that one."""
    for item in expanded.values():
        expected = item.values.get("python", "")
        of_distribution = item.build is None and item.python_provider == "distribution"
        if item.source is None or not of_distribution or not _PYTHON.fullmatch(expected):
            continue
        distribution = distribution_of(matrix.sources[item.source])
        if distribution is not None and distribution.python != expected:
            fields = {"variant": item.id, "source": item.source, "python": distribution.python}
            origin = resolution_of(matrix, expanded, item).scalars["source"].origin
            yield rules.OTHER_PYTHON.at((*origin.path, "from"), expected=expected, **fields)
