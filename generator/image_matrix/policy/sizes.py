"""Finds sizes, and pods of profiles, that have more than a policy allows at a site."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.diagnostics import catalogue as rules
from image_matrix.policy.violation import Refusal, Violation
from image_matrix.profiles.at_sites import MOST_SITES, at_every_site
from image_matrix.profiles.offer import offers
from image_matrix.profiles.pod import offered_pods
from image_matrix.profiles.units import byte_count, human
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.policy import Limits, Policy
    from image_matrix.config.sizes import Amount, Size
    from image_matrix.diagnostics import Finding, Path
    from image_matrix.profiles.pod import Pod


@dataclass(frozen=True, slots=True)
class Excess:
    """More of something than a policy allows."""

    what: str
    """``a memory limit of 64Gi``"""
    most: str
    field: Path
    """Where a size has it, and where a policy limits it: ``("memory",)``."""


def excessive_sizes(policy: Policy, loaded: Loaded) -> Iterator[Violation]:
    """Yield the sizes that have too much; then the profiles whose pods have too much by what else they set."""
    for limits in policy.sizes:
        check = partial(_findings, limits=limits, variants=loaded.variants)
        for finding in at_every_site(loaded.matrix, check):
            fields = finding.fields
            yield Violation(
                rules.OVER_POLICY,
                loaded.documents.place(finding.path),
                str(fields["id"]),
                str(fields["what"]),
                Refusal((*limits.path, *_steps(str(fields["field"]))), str(fields["why"])),
                str(fields["advice"]),
            )


def _steps(field: str) -> Path:
    """Return the path of a limit; the name of a device has dots, but no blanks."""
    return tuple(field.split(" "))


def _findings(matrix: Matrix, limits: Limits, variants: Mapping[str, Variant]) -> Iterator[Finding]:
    if not limits.is_for(matrix.catalog.site.name):
        return
    large = dict[str, list[Excess]]()
    for name, size in matrix.catalog.sizes.items():
        large[name] = list(_of_size(size, limits))
        for excess in large[name]:
            yield _finding(_place(size, excess), f"size:{name}", f"the size `{name}`", excess, limits)
    references = {name: name for name in (*variants, *matrix.sources)}
    for one in offered_pods(matrix, offers(matrix, variants), references):
        known = large.get(one.size.size.name, []) if one.size.size else []
        for excess in _of_pod(one.pod, limits):
            if excess.field not in [item.field for item in known]:
                name = one.offer.profile.slug
                what = f"the profile `{name}`"
                yield _finding(("profiles", name), f"profile:{name}", what, excess, limits)


def _finding(path: Path, name: str, subject: str, excess: Excess, limits: Limits) -> Finding:
    reason = f": {limits.reason}" if limits.reason else ""
    where = f" at {listed(limits.sites, MOST_SITES)}" if limits.sites else ""
    return rules.OVER_POLICY.at(
        path,
        id=name,
        what=f"{subject} has {excess.what}, which",
        why=f"at most {excess.most} are allowed{where}{reason}",
        advice=f"write at most {excess.most}",
        field=" ".join(map(str, excess.field)),
    )


def _place(size: Size, excess: Excess) -> Path:
    """Return where a size has too much."""
    amounts = {"cpu": size.cpu, "memory": size.memory}
    amount = amounts.get(str(excess.field[0]))
    if amount is None:
        return ("sizes", size.name, *excess.field)
    side = "limit" if amount.unlimited or amount.limit is not None else "guarantee"
    return ("sizes", size.name, *excess.field, side)


def _of_size(size: Size, limits: Limits) -> Iterator[Excess]:
    if limits.cpu is not None:
        yield from _excess("cpu", _cores(size.cpu), limits.cpu, f"{limits.cpu:g} cores", "{:g} cores")
    if limits.memory is not None:
        most = byte_count(limits.memory) or 0
        yield from _excess("memory", _bytes(size.memory), most, limits.memory, "")
    yield from _devices({name: str(count) for name, count in size.devices.items()}, limits)


def _of_pod(pod: Pod, limits: Limits) -> Iterator[Excess]:
    no_limit = float("inf")
    if limits.cpu is not None:
        amounts = [pod.cpu_limit, pod.cpu_guarantee, no_limit if "cpu" in pod.unlimited else None]
        yield from _excess("cpu", amounts, limits.cpu, f"{limits.cpu:g} cores", "{:g} cores")
    if limits.memory is not None:
        memory = [pod.memory_limit, pod.memory_guarantee, no_limit if "memory" in pod.unlimited else None]
        yield from _excess("memory", memory, byte_count(limits.memory) or 0, limits.memory, "")
    yield from _devices(pod.devices, limits)


def _cores(amount: Amount) -> list[float | None]:
    known = [None if item is None else float(item) for item in (amount.limit, amount.guarantee)]
    return [*known, float("inf") if amount.unlimited else None]


def _bytes(amount: Amount) -> list[float | None]:
    known = [byte_count(item) for item in (amount.limit, amount.guarantee)]
    return [*known, float("inf") if amount.unlimited else None]


def _excess(
    field: str, amounts: list[float | None], most: float, most_text: str, form: str
) -> Iterator[Excess]:
    """Yield that the largest of some amounts is too much; one that is not known is the hub's."""
    largest = max((amount for amount in amounts if amount is not None), default=0)
    if largest <= most:
        return
    if largest == float("inf"):
        yield Excess(f"no limit of {field}", most_text, (field,))
    else:
        shown = form.format(largest) if form else f"{_shown(int(largest), most)} of memory"
        yield Excess(shown, most_text, (field,))


def _shown(count: int, most: float) -> str:
    """Return an amount so that it is seen to be more than ``most``."""
    text = human(count)
    return text if (byte_count(text) or 0) > most else f"{count} bytes"


def _devices(devices: Mapping[str, str], limits: Limits) -> Iterator[Excess]:
    for name, most in limits.devices.items():
        count = devices.get(name, "0")
        if count.isdecimal() and int(count) > most:
            yield Excess(f"{count} {name}", f"{most} {name}", ("devices", name))
