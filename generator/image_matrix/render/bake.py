"""Renders the bake file; a child finds its parent through a named context that points at the parent's target."""

from __future__ import annotations

import json
import posixpath
from typing import TYPE_CHECKING, Any

from image_matrix.config.mirrors import context_key
from image_matrix.config.model import slug
from image_matrix.output_tree.files import File
from image_matrix.render.dockerfile import parent_reference
from image_matrix.render.rootfs import named_contexts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from image_matrix.config.model import Matrix, Variant

BAKE_FILE = "images/docker-bake.json"


def definition(matrix: Matrix, variants: Mapping[str, Variant], kinds: Collection[str]) -> dict[str, Any]:
    """Return the bake definition of all variants; paths are relative to the repository's root.

    ``kinds`` are those with files to copy.

    Source of the format: docs.docker.com/build/bake/reference.
    """
    return {
        "group": {
            "default": {"targets": [item.target for item in variants.values()]},
            **_groups(variants.values()),
        },
        "target": {item.target: _target(matrix, variants, item, kinds) for item in variants.values()},
    }


def _groups(variants: Iterable[Variant]) -> dict[str, Any]:
    groups: dict[str, list[str]] = {}
    for item in variants:
        groups.setdefault(slug(item.image), []).append(item.target)
    return {image: {"targets": targets} for image, targets in groups.items()}


def _target(
    matrix: Matrix, variants: Mapping[str, Variant], item: Variant, kinds: Collection[str]
) -> dict[str, Any]:
    replaced = replaced_images(item)
    contexts = {name: f"target:{variants[parent].target}" for name, parent in replaced.items()}
    contexts |= named_contexts(item, kinds)
    return {
        **dockerfile_fields(item),
        **({"contexts": contexts} if contexts else {}),
        "platforms": list(item.platforms),
        **({"secret": [secret_option(name) for name in item.secrets]} if item.secrets else {}),
        "tags": [f"{matrix.repository(item)}:{item.label}"],
    }


def secret_option(name: str) -> str:
    """Return an entry of bake's field ``secret``: a secret from the environment variable of its name."""
    return f"id={name},env={name}"


def replaced_images(item: Variant) -> dict[str, str]:
    """Return the names in what a variant's build runs that other variants replace, each with the variant's id."""
    triggers = {context_key(name): image for name, image in item.trigger_images.items()}
    if item.build:
        return triggers | {context_key(name): parent for name, parent in item.build.images.items()}
    return triggers | ({parent_reference(item.parent): item.parent} if item.parent else {})


def dockerfile_fields(item: Variant) -> dict[str, Any]:
    """Return bake's fields of a variant's Dockerfile and its folder."""
    if item.build is None:
        return {"context": item.folder}
    build = item.build
    return {
        "context": build.context,
        "dockerfile": posixpath.relpath(build.dockerfile, build.context),
        **({"args": escaped(build.args)} if build.args else {}),
        **({"target": build.target} if build.target else {}),
        **({"labels": escaped(item.labels)} if item.labels else {}),
    }


def escaped(args: Mapping[str, str]) -> dict[str, str]:
    """Return arguments or labels for a bake file, in which ``${`` and ``%{`` begin expressions.

    Source: github.com/hashicorp/hcl/blob/main/json/spec.md, "Expressions".
    """
    return {name: value.replace("${", "$${").replace("%{", "%%{") for name, value in args.items()}


def bake_file(matrix: Matrix, variants: Mapping[str, Variant], kinds: Collection[str]) -> File:
    """Return ``images/docker-bake.json``."""
    return File((json.dumps(definition(matrix, variants, kinds), indent=2) + "\n").encode())
