"""Files below ``templates/`` that nothing reads: mostly a name that is misspelt, which would stay unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.diagnostics import Place, diagnostic, did_you_mean
from image_matrix.diagnostics import catalogue as rules
from image_matrix.render.docs.catalog import SCRIPT, TEMPLATE
from image_matrix.render.templates import ADDITION, DOCKERFILE_SUFFIX
from image_matrix.render.workflow import output_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from image_matrix.config.loaded import Loaded
    from image_matrix.diagnostics import Diagnostic
    from image_matrix.render.templates import Templates

TEXTS = ("dockerfiles", "pages", "workflows")
FOLDERS = (*TEXTS, "rootfs")


def unused_templates(templates: Templates, loaded: Loaded) -> list[Diagnostic]:
    """Return a warning for each file, kind or folder of the repository's own that no image and no template needs."""
    kinds = {variant.kind for variant in loaded.variants.values()}
    problems = {**dict(_folders(templates)), **dict(_files(templates, kinds))}
    return [
        diagnostic(rules.UNUSED_TEMPLATE, Place(f"templates/{path}", 0, 0), problem=problem, advice=advice)
        for path, (problem, advice) in sorted(problems.items())
    ]


def _folders(templates: Templates) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield folders with a name that means nothing, and files of a kind that there is not."""
    for path in templates.custom:
        top, slash, rest = path.partition("/")
        kind, below, _ = rest.partition("/")
        if slash and top not in FOLDERS:
            yield top, ("nothing reads this folder", did_you_mean(top, FOLDERS))
        elif top == "rootfs" and below and kind not in templates.kinds:
            problem = f"there is no kind `{kind}`, whose images would get these files"
            yield f"rootfs/{kind}", (problem, did_you_mean(kind, templates.kinds))


def _files(templates: Templates, kinds: Collection[str]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield templates that no image names and no other template mentions, and files that are no templates."""
    for path in templates.custom:
        top, _, name = path.partition("/")
        if top not in TEXTS or name.startswith((".", "README")):
            continue
        if not name.endswith(".j2"):
            yield (
                path,
                ("nothing reads a file without `.j2` at its end", f"rename it to `{name}.j2`, or remove it"),
            )
        elif not _is_used(templates, top, name, kinds):
            yield path, _remedy(name)


def _is_used(templates: Templates, top: str, name: str, kinds: Collection[str]) -> bool:
    """Say whether a template is rendered by itself, or another one of its folder has its name in quotes."""
    texts = {
        "dockerfiles": templates.dockerfiles,
        "pages": templates.pages,
        "workflows": templates.workflows,
    }[top]
    rendered = {
        "dockerfiles": name.removesuffix(DOCKERFILE_SUFFIX) in (*kinds, ADDITION),
        "pages": name in (TEMPLATE, SCRIPT),
        "workflows": output_path(name) is not None,
    }[top]
    quoted = (f'"{name}"', f"'{name}'")
    return rendered or any(word in text for other, text in texts.items() if other != name for word in quoted)


def _remedy(name: str) -> tuple[str, str]:
    kind = name.removesuffix(DOCKERFILE_SUFFIX)
    if kind == name:
        return "no template imports, includes or extends this file", "remove it"
    return f"no image has `kind: {kind}`", "name it in an image, or remove the file"
