"""Renders ImageStreams, from which the dashboard of Open Data Hub and OpenShift AI makes its list of workbenches.

Sources: opendatahub-io/notebooks, manifests/odh/base, for labels and annotations; OpenShift's API reference,
ImageStream [image.openshift.io/v1]. A stream has the image of this release and that of the one before, since a
workbench keeps the tag that it was started with.
"""

from __future__ import annotations

import json
from itertools import islice
from typing import TYPE_CHECKING, Any

from image_matrix.config.model import LOCKED_MANAGERS, slug
from image_matrix.config.package_names import package_name
from image_matrix.inventory.contents import contents
from image_matrix.inventory.summary import languages, locked, programs, requested
from image_matrix.profiles.audience import built_for_everybody
from image_matrix.profiles.offer import used_variants
from image_matrix.render.kubernetes.dump import Block, dump
from image_matrix.render.kubernetes.flux import ABOUT, PLAIN_LABELS
from image_matrix.render.kubernetes.kustomization import kustomization
from image_matrix.render.titles import title_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from image_matrix.config.model import Manager, Matrix, Variant
    from image_matrix.inventory.summary import Versions
    from image_matrix.json_data import Json
    from image_matrix.lock.pins import Pins
    from image_matrix.profiles.offer import Offer

STREAMS = "imagestreams.yaml"
PREFIX = "opendatahub.io"
RECOMMENDED = f"{PREFIX}/workbench-image-recommended"
OUTDATED = f"{PREFIX}/image-tag-outdated"


def image_stream_files(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    offers: Sequence[Offer],
    references: Mapping[str, str],
    pins: Pins,
    commits: Mapping[str, str],
    previous: Sequence[Mapping[str, Any]],
) -> dict[str, str]:
    """Return the ImageStreams, and the kustomization that brings them to the dashboard's namespace.

    ``commits`` has the commit that an image was released from, by variant id; ``previous`` are the ImageStreams of the
    last release. Images that only groups are offered are left out: the dashboard shows a stream to everybody.
    """
    before = {stream["metadata"]["name"]: stream["spec"]["tags"] for stream in previous}
    everybody = [offer for offer in built_for_everybody(offers) if not offer.profile.groups]
    streams = []
    for order, item in enumerate(used_variants(everybody).values(), start=1):
        now = _tag(matrix, variants, item, references[item.id], pins, commits.get(item.id, ""))
        tags = _with_previous(now, before.get(stream_name(item), ()))
        streams.append(_stream(matrix, item, order, tags, deprecated=_is_deprecated(everybody, item)))
    files = {STREAMS: dump(*streams, about=ABOUT)} if streams else {}
    manifest = kustomization(namespace=matrix.catalog.site.namespace, resources=list(files))
    return {**files, "kustomization.yaml": dump(manifest, about=ABOUT)}


def stream_name(item: Variant) -> str:
    """Return the name of a variant's stream, which stays the same from release to release."""
    return f"{slug(item.image)}-{item.label.replace('.', '-').replace('_', '-')}".lower()


def _is_deprecated(offers: Sequence[Offer], item: Variant) -> bool:
    """Return whether only deprecated profiles have a variant."""
    return not any(item.id in used_variants([offer]) for offer in offers if offer.profile.deprecated is None)


def _stream(
    matrix: Matrix, item: Variant, order: int, tags: Sequence[Json], *, deprecated: bool
) -> dict[str, Json]:
    accelerator = matrix.accelerators.get(item.accelerator or "")
    devices = [accelerator.device] if accelerator and accelerator.device else []
    annotations = {
        f"{PREFIX}/notebook-image-name": title_of(item),
        f"{PREFIX}/notebook-image-desc": item.description or item.image,
        f"{PREFIX}/notebook-image-order": str(order),
        **({f"{PREFIX}/recommended-accelerators": json.dumps(devices)} if devices else {}),
    }
    return {
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {
            "name": stream_name(item),
            "labels": {f"{PREFIX}/notebook-image": "true", **PLAIN_LABELS},
            "annotations": annotations,
        },
        "spec": {
            "lookupPolicy": {"local": True},
            "tags": [
                _marked(tag, newest=place == 0, deprecated=deprecated) for place, tag in enumerate(tags)
            ],
        },
    }


def _tag(
    matrix: Matrix,
    variants: Mapping[str, Variant],
    item: Variant,
    reference: str,
    pins: Pins,
    commit: str,
) -> dict[str, Json]:
    """Return the tag of an image; its name is the immutable one, which has the start of the image's key."""
    tagged, mark, digest = reference.partition("@")
    repository, _, name = tagged.rpartition(":")
    software, packages = _software(matrix, variants, item), _named_packages(matrix, variants, pins, item)
    annotations = {
        f"{PREFIX}/notebook-software": _versions(software),
        f"{PREFIX}/notebook-python-dependencies": _versions(packages),
        **({f"{PREFIX}/notebook-build-commit": commit} if commit else {}),
        "openshift.io/imported-from": repository,
    }
    return {
        "name": name,
        "annotations": annotations,
        "from": {"kind": "DockerImage", "name": f"{repository}@{digest}" if mark else tagged},
        # an index stays an index, so nodes of every platform find their image, and its signature counts
        "importPolicy": {"importMode": "PreserveOriginal"},
        "referencePolicy": {"type": "Source"},
    }


def _with_previous(now: Mapping[str, Json], before: Sequence[Mapping[str, Json]]) -> list[Mapping[str, Json]]:
    """Return the tag of this release and that of the one before.

    What was offered before keeps its annotations: the matrix may have moved on, the image has not.
    """
    images = [tag["from"]["name"] for tag in before]
    if now["from"]["name"] in images:
        return list(before[images.index(now["from"]["name"]) :][:2])
    older = (tag for tag in before if tag["name"] != now["name"])
    return [now, *islice(older, 1)]


def _marked(tag: Mapping[str, Json], *, newest: bool, deprecated: bool) -> dict[str, Json]:
    """Return a tag that says which one new workbenches get, and whether the dashboard calls it outdated."""
    kept = {
        key: Block(value) if "\n" in value else value
        for key, value in tag["annotations"].items()
        if key not in (RECOMMENDED, OUTDATED)
    }
    marks = {RECOMMENDED: json.dumps(newest), **({OUTDATED: "true"} if deprecated else {})}
    return {**tag, "annotations": {**kept, **marks}}


def _software(matrix: Matrix, variants: Mapping[str, Variant], item: Variant) -> dict[str, str]:
    accelerator = matrix.accelerators.get(item.accelerator or "")
    named = {accelerator.description or accelerator.name: accelerator.version} if accelerator else {}
    return {
        **{name: version for name, version in named.items() if version},
        **languages(variants, item),
        **programs(matrix, variants, item),
    }


def _named_packages(
    matrix: Matrix, variants: Mapping[str, Variant], pins: Pins, item: Variant
) -> dict[str, str]:
    """Return the Python packages that the matrix names, as far as their versions are locked or written."""
    versions = locked(contents(matrix, variants, pins, item), item)
    return dict(_with_versions(requested(variants, item), versions))


def _with_versions(
    listed: Mapping[Manager, tuple[str, ...]], versions: Mapping[Manager, Versions]
) -> Iterator[tuple[str, str]]:
    for manager in LOCKED_MANAGERS:
        for entry in listed.get(manager, ()):
            name = package_name(manager, entry)
            version = versions.get(manager, {}).get(name) or entry.rpartition("==")[2].partition(";")[0]
            if isinstance(version, str) and version != entry:
                yield name, version.strip()


def _versions(versions: Mapping[str, str]) -> str:
    """Return names with versions as the dashboard parses them, one a line."""
    entries = (json.dumps({"name": name, "version": version}) for name, version in versions.items())
    return "[\n  " + ",\n  ".join(entries) + "\n]\n" if versions else "[]"
