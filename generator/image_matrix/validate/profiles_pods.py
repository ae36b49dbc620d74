"""Checks pods: images, sizes and nodes must fit each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.amounts import LEAST_MEMORY, as_amount, is_cores, is_too_much, memory_parts
from image_matrix.config.variants import by_image
from image_matrix.config.yaml_text import as_written
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import human
from image_matrix.profiles.devices import NONE, fits, of_image, of_size
from image_matrix.profiles.offer import offered
from image_matrix.profiles.units import QUANTITIES, byte_count
from image_matrix.validate.findings import bad_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.profiles import Listed, Profile
    from image_matrix.config.sizes import Amount, Size
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.profiles.units import MemoryUnits

_MOST_WITHOUT_UNIT = 9999
"""Of a larger number it is not likely that Mi or Gi alone was forgotten."""


def amounts(matrix: Matrix) -> Iterator[Finding]:
    """CPU as text, memory as Gi or in bytes, and guarantees over limits."""
    for name, size in matrix.catalog.sizes.items():
        if size.shm is not None:
            yield from memory_findings(("sizes", name, "shm"), size.shm, QUANTITIES)
        for field, amount in (("cpu", size.cpu), ("memory", size.memory)):
            bad = list(_unreadable(("sizes", name, field), field, amount))
            yield from bad
            if not bad:
                yield from over_limit(("sizes", name, field), field, amount)


def _unreadable(path: Path, field: str, amount: Amount) -> Iterator[Finding]:
    for side, value in (("limit", amount.limit), ("guarantee", amount.guarantee)):
        if value is not None and field == "cpu":
            yield from cpu_findings((*path, side), value)
        elif value is not None:
            yield from memory_findings((*path, side), value, QUANTITIES)


def cpu_findings(path: Path, value: object) -> Iterator[Finding]:
    """A CPU amount that KubeSpawner refuses, or that no machine has."""
    if is_too_much("cpu", value):
        yield bad_value(path, f"no machine has `{value}` cores", "write a smaller number, such as 4")
    elif not is_cores(value):
        yield rules.CPU_NOT_NUMBER.at(path, value=value, advice=_cores(value))


def _cores(value: object) -> str:
    number = as_amount("cpu", str(value).replace(",", "."))
    return f"write {number:g}, without quotes" if is_cores(number) else "write a number above 0, such as 0.5"


def memory_findings(path: Path, value: object, units: MemoryUnits) -> Iterator[Finding]:
    """An amount of memory in other units, which no machine has, nothing could run in, or KubeSpawner takes for none."""
    mega, giga = (f"{letter}{units.ending}" for letter in "MG")
    count = byte_count(value) if units.reads(value) else None  # type: ignore[arg-type]
    if is_too_much("memory", value):
        yield bad_value(
            path, f"no machine has `{value}` of memory", f"write a smaller amount, such as 4{giga}"
        )
    elif count is None:
        advice = _memory_advice(str(value), units)
        yield rules.BAD_MEMORY.at(path, value=value, what=units.what, advice=advice)
    elif count == 0:
        problem = f"KubeSpawner takes `{value}` for no amount at all"
        yield bad_value(path, problem, f"write a number with {mega} or {giga}, or remove it")
    elif count < LEAST_MEMORY:
        problem = f"`{value}` is {count} {'byte' if count == 1 else 'bytes'}, in which nothing can run"
        is_short = str(value).isdigit() and count <= _MOST_WITHOUT_UNIT
        advice = (
            f"write {value}{giga} or {value}{mega}" if is_short else f"write a number with {mega} or {giga}"
        )
        yield bad_value(path, problem, advice)


def _memory_advice(text: str, units: MemoryUnits) -> str:
    parts = memory_parts(text)
    if parts is None:
        return f"write a number with K{units.ending}, M{units.ending}, G{units.ending} or T{units.ending}"
    same = ", which means the same here" if "i" in text.lower() and not units.ending else ""
    return f"write {''.join(parts)}{units.ending}{same}"


def over_limit(path: Path, field: str, amount: Amount) -> Iterator[Finding]:
    """A guarantee of ``cpu`` or ``memory`` that is more than the limit."""
    if amount.limit is None or amount.guarantee is None:
        return
    if field == "cpu":
        over = float(amount.guarantee) > float(amount.limit)
    else:
        over = (byte_count(amount.guarantee) or 0) > (byte_count(amount.limit) or 0)
    if over:
        fields = {"where": human(path), "guarantee": amount.guarantee, "limit": amount.limit}
        finding = rules.GUARANTEE_OVER_LIMIT.at((*path, "guarantee"), **fields)
        yield finding.beside(((*path, "limit"), "the limit"))


def image_place(profile: Profile, image: str) -> Path:
    """Return where a profile names an image."""
    return ("profiles", profile.slug, "images", *_position(profile.images, image))


def _position(listed: Listed, name: str) -> Path:
    return listed.place(next(key for key, one in listed.names.items() if one == name))


def each_image(
    matrix: Matrix, variants: Mapping[str, Variant]
) -> Iterator[tuple[Profile, str, list[Variant]]]:
    """Yield every image of every profile with the variants that it opens."""
    grouped = by_image(variants.values())
    for profile in matrix.catalog.profiles.values():
        for image in dict.fromkeys(profile.images.names.values()):
            yield profile, image, offered(profile, grouped.get(image, ()))


def fitting_devices(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images for GPUs with sizes that have none, the reverse, and one vendor's images on another's devices."""
    known = matrix.catalog.sizes
    for profile, image, opened in each_image(matrix, variants):
        sizes = [known[name] for name in profile.sizes.names.values() if name in known]
        if not opened:
            continue
        device = of_image(matrix, opened[0])
        fields = {"profile": profile.slug, "image": image, "image_device": _device(device)}
        optional = f"write `accelerator_optional: true` in `{image}` if it runs either way"
        if not sizes and not fits(matrix, opened[0], None):
            advice = f"add `sizes:` with a size that asks for the device, or {optional}"
            fields |= {"size": "the hub's own size", "size_device": _device(NONE), "advice": advice}
            yield rules.DEVICE_MISMATCH.at(image_place(profile, image), **fields)
        for size in [size for size in sizes if not fits(matrix, opened[0], size)][:1]:
            what = f"for {device}" if device != NONE else "without an accelerator"
            alike = [item for item in variants.values() if item.image == image]
            advice = _of_axes(matrix, alike, opened[0], sizes, size) or (
                f"offer sizes {what} only, or make two profiles of it"
            )
            advice += f"; {optional}" if NONE in (device, of_size(size)) else ""
            fields |= {"size": f"`{size.name}`", "size_device": _device(of_size(size)), "advice": advice}
            place: Path = ("profiles", profile.slug, "sizes", *_position(profile.sizes, size.name))
            finding = rules.DEVICE_MISMATCH.at(place, **fields)
            yield finding.beside((image_place(profile, image), "the image"))


def _of_axes(
    matrix: Matrix, variants: Sequence[Variant], opened: Variant, sizes: Sequence[Size], size: Size
) -> str:
    """Return with which values of axes an image's variants fit the sizes of a profile; empty if there are none."""
    if every := _distinguishing(matrix, variants, opened, sizes):
        return f"write `axes: {as_written(every)}` in the profile: the image is for these sizes then"
    if one := _distinguishing(matrix, variants, opened, [size]):
        return f"make two profiles of it, that with `{size.name}` with `axes: {as_written(one)}`"
    return ""


def _distinguishing(
    matrix: Matrix, variants: Sequence[Variant], opened: Variant, sizes: Sequence[Size]
) -> Mapping[str, str]:
    """Return the fewest values that a variant for all sizes has, and the opened one has not."""
    fitting = [item.values for item in variants if all(fits(matrix, item, size) for size in sizes)]
    differing = [
        {axis: value for axis, value in values.items() if opened.values.get(axis) != value}
        for values in fitting
    ]
    return min(differing, key=len, default={})


def _device(vendor: str) -> str:
    return "no accelerator" if vendor == NONE else vendor


def nodes(matrix: Matrix, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    """Images that are not built for a platform of the nodes."""
    for profile, image, opened in each_image(matrix, variants):
        for platform in matrix.catalog.site.platforms:
            if any(item.platforms and platform not in item.platforms for item in opened):
                built = ", ".join(next(item.platforms for item in opened if platform not in item.platforms))
                advice = f"build it for {platform}, or set `platforms: [{built}]` for the site"
                fields = {"profile": profile.slug, "image": image, "platform": platform, "advice": advice}
                yield rules.NOT_FOR_NODES.at(image_place(profile, image), **fields)
