"""Checks moving tags: their placeholders, their form, and that two images do not share one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.config.lineage import lineage
from image_matrix.config.placeholders import fill, unknown_placeholders
from image_matrix.config.tags import AT_RELEASE, claims, packages_in
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import did_you_mean
from image_matrix.lock.fingerprint import requested
from image_matrix.lock.locked_versions import locked_names, locked_versions
from image_matrix.lock.tag_values import package_values
from image_matrix.validate.filled_texts import axis_advice, has_data_with_braces, settings_at
from image_matrix.validate.findings import bad_value
from image_matrix.validate.names import bad_reference
from image_matrix.validate.placeholders import known_by_image, unknown
from image_matrix.validate.references import settings_of
from image_matrix.validate.tag_words import LOCKED, instead, listed_packages, meant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.tags import Claim
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath
    from image_matrix.lock.pins import Pins

_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
"""github.com/opencontainers/distribution-spec, "Pulling manifests"."""
_TAG_RULE = "a tag has letters, digits, `_`, `.` and `-`, and does not start with `.` or `-`"
_DOUBLED = re.compile(r"\{\{|\}\}")
_SAMPLES = {"commit": "0" * 12, "date": "2026-01-31", "key": "0" * 12, "release": "1"}
"""Values of the same form as those of a release."""
_KEY = re.compile(r"(?=-[0-9a-f]{12}(-.+)?$)")
"""Where a key may begin, behind a label."""
_MORE = re.compile(r"(?=-.)")
_SIGNATURE = re.compile(r"sha256-[0-9a-f]{64}(\..*)?")
"""Where cosign and the registry API without referrers keep what belongs to a digest."""


def unknown_in_tags(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Braces in tags that nothing replaces."""
    known = known_by_image(matrix, expanded)
    if not known:
        return
    every = [*settings_of(matrix), (("defaults", "images"), matrix.defaults)]
    common = set.intersection(*known.values())
    for path, settings in every:
        names = known.get(str(path[1]), set()) if path[0] == "images" else common
        if path[0] == "defaults" or path[1] in known:
            for at, text in enumerate(settings.tags):
                place = (*path, "tags", at)
                if _DOUBLED.search(text):
                    yield bad_reference(place, "tag", text, _doubled_advice(text))
                    continue
                more = {*names, *AT_RELEASE, "variant", *packages_in(text)}
                findings = list(unknown([(place, text)], more))
                image = str(path[1]) if path[0] == "images" else None
                packages = listed_packages(expanded, image) if findings else ()
                yield from (_of_tag(finding, packages) for finding in findings)


def bad_tags(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Tags that no registry takes, or that have the form of tags that the program writes."""
    every = [
        claim
        for claim in claims(expanded.values())
        if not _unknown(claim.tag) or _has_braces_of_data(matrix, expanded, claim)
    ]
    labels = _labels(expanded.values())
    bad = (_bad(matrix, expanded, claim, labels) for claim in every)
    yield from _once(finding for finding in bad if finding is not None)


def of_unpublished(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Tags that an image or override names although none of its variants is published."""
    published = {item.image for item in expanded.values() if item.publish}
    for path, settings in settings_of(matrix):
        if settings.tags and path[1] not in published and sound(expanded, str(path[1])):
            problem = "an image that is not published has no tags"
            yield bad_value((*path, "tags"), problem, "remove `tags`, or `publish: false`", "key")


def sound(expanded: Mapping[str, Variant], image: str) -> bool:
    """Say whether an image has any variant."""
    return any(item.image == image for item in expanded.values())


def shared_tags(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Tags that two images would have in one repository."""
    yield from _shared(matrix, expanded, claims(expanded.values()))


def locked_tags(loaded: Loaded, pins: Pins) -> list[Finding]:
    """Return what is wrong with tags that name packages, once the lock gives their versions."""
    matrix, variants = loaded.matrix, loaded.variants
    missing = list(_once(_without_version(loaded, pins)))
    if missing:
        return missing
    every = list(claims(variants.values(), lambda item: package_values(pins, variants, item)))
    labels = _labels(variants.values())
    bad = (_bad(matrix, variants, claim, labels) for claim in every)
    return [*_once(item for item in bad if item is not None), *_shared(matrix, variants, every)]


def _doubled_advice(text: str) -> str:
    """Say what to write in place of a template of another program."""
    names = [name.lower() for name in re.findall(r"\{\{\s*\.?(\w+)", text)]
    known = next(filter(None, (name if name in AT_RELEASE else meant(name) for name in names)), "date")
    return f"a tag has no braces; a placeholder has single ones, as in `{{{known}}}`"


def _of_tag(finding: Finding, packages: Collection[str]) -> Finding:
    """Return the finding with a remedy for a tag, which has placeholders of its own, and cannot have a brace in it."""
    if better := instead(str(finding.fields["placeholder"]).strip("{}"), packages):
        return replace(finding, fields={**finding.fields, "advice": better})
    if str(finding.fields["placeholder"]).startswith("{package"):
        advice = "write the name of a package that the lock has, as in `{package.numpy}`"
        return replace(finding, fields={**finding.fields, "advice": advice})
    if "doubled" not in str(finding.fields["advice"]):
        return finding
    advice = "close the placeholder, as in `{date}`: a tag has no braces"
    return replace(finding, fields={**finding.fields, "advice": advice})


def _unknown(tag: str) -> bool:
    """Say whether a tag has braces that no release replaces, which is reported already."""
    return any(unknown_placeholders(tag, {*AT_RELEASE, *packages_in(tag)}))


def _place(matrix: Matrix, expanded: Mapping[str, Variant], claim: Claim) -> FieldPath:
    """Return where a tag is written; the image, if nobody wrote it."""
    if claim.position is None:
        return ("images", claim.variant.image)
    origin = resolution_of(matrix, expanded, claim.variant).tags[claim.position].origin
    return (*origin.path, "tags", claim.position)


def _written(matrix: Matrix, place: FieldPath) -> str:
    """Return a tag as it is written; the empty text if nobody wrote it."""
    return settings_at(matrix, place[:-2]).tags[int(place[-1])] if len(place) > 2 else ""


def _has_braces_of_data(matrix: Matrix, expanded: Mapping[str, Variant], claim: Claim) -> bool:
    """Say whether data of an axis value has brought braces into a tag, which no release must replace."""
    if not any(brace in text for text in claim.variant.axis_data.values() for brace in "{}"):
        return False
    return has_data_with_braces(_written(matrix, _place(matrix, expanded, claim)), claim.variant)


def _sample(tag: str) -> str:
    return fill(tag, {**_SAMPLES, **dict.fromkeys(packages_in(tag), "1")})


def _bad(
    matrix: Matrix, expanded: Mapping[str, Variant], claim: Claim, labels: Mapping[str, Collection[str]]
) -> Finding | None:
    sample = _sample(claim.tag)
    if _TAG.fullmatch(sample) is None or _has_braces_of_data(matrix, expanded, claim):
        place = _place(matrix, expanded, claim)
        return _no_tag(claim, place, _written(matrix, place))
    kept = None if claim.position is None else _kept_for(sample, labels[claim.variant.repository])
    if kept is None:
        return None
    problem = f"`{claim.tag}` has the form of {kept}, which never move"
    advice = (
        "remove it: each release writes VARIANT-KEY" if "{key}" in claim.tag else "name the tag otherwise"
    )
    return bad_value(_place(matrix, expanded, claim), problem, advice)


def _no_tag(claim: Claim, place: FieldPath, written: str) -> Finding:
    sample = _sample(claim.tag)
    of_axis = (
        axis_advice(written, claim.variant, "[A-Za-z0-9._-]+", _TAG_RULE) if len(sample) <= 128 else None
    )
    value = f"{claim.tag}` of `{claim.variant.id}" if of_axis else claim.tag
    return bad_reference(place, "tag", value, of_axis or _tag_advice(sample))


def _tag_advice(tag: str) -> str:
    if len(tag) > 128:
        return f"it has {len(tag)} characters: write at most 128"
    better = re.sub(r"[^A-Za-z0-9._-]+", "-", tag).lstrip(".-")
    return f"write `{better}`: {_TAG_RULE}" if better and "{" not in tag else _TAG_RULE


def _labels(variants: Iterable[Variant]) -> dict[str, set[str]]:
    """Return the labels of the variants in each repository, whose tags begin with them."""
    labels: dict[str, set[str]] = {}
    for item in variants:
        labels.setdefault(item.repository, set()).add(item.label)
    return labels


def _kept_for(tag: str, labels: Collection[str]) -> str | None:
    """Say which of the program's tags have the form of this one; ``labels`` are those of its repository."""
    if _SIGNATURE.fullmatch(tag):
        return "the tags of signatures"
    if any(tag[: match.start()] in labels for match in _KEY.finditer(tag)):
        return "the tags VARIANT-KEY"
    cache = tag.removeprefix("cache-")
    if cache != tag and any(cache[: match.start()] in labels for match in _MORE.finditer(cache)):
        return "the tags of build caches"
    return None


def _shared(matrix: Matrix, expanded: Mapping[str, Variant], every: Iterable[Claim]) -> Iterator[Finding]:
    first: dict[tuple[str, str], Claim] = {}
    reported: set[object] = set()
    for claim in every:
        winner = first.setdefault(claim.place, claim)
        if winner.variant.image == claim.variant.image or _same_label(winner, claim):
            continue
        places = [_place(matrix, expanded, one) for one in (winner, claim)]
        if (key := (winner.variant.image, claim.variant.image, *places)) not in reported:
            reported.add(key)
            yield _shared_by(matrix, winner, claim, places)


def _same_label(*both: Claim) -> bool:
    """Say whether two variants share a label, which is reported for their repository already."""
    return len({one.variant.label.lower() for one in both}) == 1


def _shared_by(matrix: Matrix, winner: Claim, claim: Claim, places: list[FieldPath]) -> Finding:
    fields = {
        "first": winner.variant.id,
        "second": claim.variant.id,
        "what": "the tag",
        "advice": "change the `tags` or the `repository` of one of them",
        "name": f"{matrix.repository(claim.variant)}:{claim.tag}",
    }
    finding = rules.SAME_TAG.at(places[1], "key" if claim.position is None else "value", **fields)
    return finding if places[0] == places[1] else finding.beside((places[0], f"`{winner.variant.id}`"))


def _without_version(loaded: Loaded, pins: Pins) -> Iterator[Finding]:
    """Packages in tags that the lock has no version of, or several."""
    for item in loaded.variants.values():
        for at, text in enumerate(item.tags):
            for placeholder, name in packages_in(text).items():
                versions = locked_versions(pins, loaded.variants, item, name)
                if len(versions) == 1 and placeholder in package_values(pins, loaded.variants, item):
                    continue
                origin = resolution_of(loaded.matrix, loaded.variants, item).tags[at].origin
                path = (*origin.path, "tags", at)
                yield _no_version(loaded, pins, item, path, placeholder, name, versions)


def _no_version(
    loaded: Loaded,
    pins: Pins,
    item: Variant,
    path: FieldPath,
    placeholder: str,
    name: str,
    versions: set[str],
) -> Finding:
    known = locked_names(pins, loaded.variants, item)
    what = f"`{{{placeholder}}}` of {item.id}"
    asked = any(requested(one, manager) for one in lineage(loaded.variants, item) for manager in LOCKED)
    if not known and not asked:
        problem = f"{what} has no value: the image and its parents list no Python or conda package"
        return bad_value(path, problem, f"add `{name}` with its version to `pip`, or remove the placeholder")
    if not known:
        return rules.NOT_LOCKED.at(path, "value", what=what)
    if len(versions) > 1:
        problem = f"{what} has a version for each platform: {', '.join(sorted(versions))}"
        return bad_value(path, problem, "pin one version, or remove the placeholder")
    if versions:
        problem = f"{what} has no value: the locked version is {versions.pop()}"
        return bad_value(path, problem, "name a part that every version has")
    problem = f"{what} has no value: the lock has no package `{name}` of it"
    return bad_value(path, problem, did_you_mean(name, known))


def _once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Return one finding for each rule and place: the first variant stands for all."""
    first: dict[object, Finding] = {}
    for finding in findings:
        first.setdefault((finding.rule.code, finding.path), finding)
    yield from first.values()
