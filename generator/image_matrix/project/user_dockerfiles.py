"""Reads the Dockerfiles that images have as they are, and links what they name to images and sources."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING

from image_matrix.config.dockerfile_build import ContextFiles, FloatingImage, NamedImage, UserDockerfiles
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnose, diagnostic
from image_matrix.dockerfiles.instructions import Dockerfile, DockerfileError, parse, split_lines
from image_matrix.dockerfiles.links import link, same_image
from image_matrix.dockerfiles.triggers import replaced_in_triggers, triggers
from image_matrix.project.context_faults import ContextFault, findings_of
from image_matrix.project.dockerfile_contexts import DockerfileContext, DockerfileContexts
from image_matrix.project.shown_installers import shown_below
from image_matrix.registry.reference import parse_reference
from image_matrix.validate.copied_files import not_in_context
from image_matrix.validate.devices import given_by_dockerfile
from image_matrix.validate.dockerfiles import (
    CheckedDockerfile,
    dropped_folders,
    floating,
    named,
    not_in_dockerfile,
    of_other_parent,
    unchecked,
    whole_line,
)
from image_matrix.validate.packages import without_shown_installer
from image_matrix.validate.refresh import nothing_to_refresh
from image_matrix.validate.triggers import triggers_of_generated
from image_matrix.validate.unset_arguments import unset_advice

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.document import Documents
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Diagnostic, Finding
    from image_matrix.dockerfiles.context_reader import ContextReader
    from image_matrix.dockerfiles.instructions import Instruction


@dataclass(frozen=True, slots=True)
class _One:
    """The same of one variant."""

    item: Variant
    files: ContextFiles | None = None
    fault: ContextFault | None = None
    findings: tuple[Finding, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def with_dockerfiles(
    matrix: Matrix, variants: Mapping[str, Variant], documents: Documents, reader: ContextReader
) -> UserDockerfiles:
    """Read the Dockerfiles of variants that are built from their own, and link what they name."""
    contexts = DockerfileContexts(matrix, variants, documents, reader)
    on_disk = {item.id: contexts.read(item, item.build) for item in variants.values() if item.build}
    project = _Project(matrix, contexts, on_disk, repositories(matrix, variants, documents))
    every = [project.read(variants[name]) for name in on_disk]
    if not every:
        return UserDockerfiles(variants)
    faults = findings_of(one.fault for one in every if one.fault)
    findings = diagnose([*faults, *(finding for one in every for finding in one.findings)], documents)
    read = {**variants, **{one.item.id: one.item for one in every}}
    of_days = diagnose(nothing_to_refresh(matrix, read), documents)
    parsed_ones = {one.item.id: parsed(one.files.dockerfile) for one in every if one.files}
    of_installers = diagnose(without_shown_installer(matrix, read, shown_below(read, parsed_ones)), documents)
    of_triggers = triggers_of_generated(matrix, read, parsed_ones, documents)
    of_files = (item for one in every for item in one.diagnostics)
    problems = dict.fromkeys([*findings, *of_files, *of_installers, *of_triggers, *of_days])
    return UserDockerfiles(
        {name: _with_triggers(item, read, parsed_ones) for name, item in read.items()},
        {one.item.id: one.files for one in every if one.files},
        tuple(problems),
    )


def repositories(
    matrix: Matrix, variants: Mapping[str, Variant], documents: Documents
) -> dict[str, frozenset[str]]:
    """Return the names of each published image, with those that it has without overlays: Dockerfiles have these."""
    registries = {matrix.registry, str((documents.base or {}).get("registry", matrix.registry))}
    names: dict[str, set[str]] = {}
    for item in variants.values():
        for registry in registries:
            names.setdefault(item.image, set()).add(parse_reference(f"{registry}/{item.repository}").name)
    return {image: frozenset(every) for image, every in names.items()}


@dataclass(frozen=True, slots=True)
class _Project:
    matrix: Matrix
    contexts: DockerfileContexts
    on_disk: Mapping[str, DockerfileContext | ContextFault]
    """What each variant with a Dockerfile is built from, by its id."""
    published: Mapping[str, Collection[str]]
    """The repositories of each image."""

    def read(self, item: Variant) -> _One:
        """Read the Dockerfile and the folder of a variant."""
        context = self.on_disk[item.id]
        if isinstance(context, ContextFault):
            return _One(item, fault=context)
        build, content = context.build, context.dockerfile
        try:
            dockerfile = parsed(content)
            links = link(self.matrix, item, build, dockerfile, self.published)
        except DockerfileError as error:
            at = whole_line(build.dockerfile, split(content), error.line)
            advice = (
                self._unset_advice(item, parsed(content), error.unset)
                if error.unset
                else "correct it: docs.docker.com/reference/dockerfile"
            )
            problem = diagnostic(rules.BAD_DOCKERFILE, at, problem=str(error), advice=advice)
            return _One(item, diagnostics=(problem,))
        checked = CheckedDockerfile(
            self.matrix,
            item,
            resolution_of(self.matrix, self.contexts.variants, item),
            build.dockerfile,
            dockerfile,
            links,
            self.published,
            self._inherited(item),
        )
        reader = self.contexts.reader
        folder = posixpath.join(reader.location, build.context) if reader.location else ""
        return _One(
            _read_variant(item, links.build, dockerfile),
            ContextFiles(
                content,
                context.ignore_text,
                folder,
                self._syntax(dockerfile),
                (*floating(checked), *self._frontend(checked)),
                (*named(checked), *self._named_frontend(checked)),
                partial(reader.entries, build.context, context.ignore),
            ),
            findings=tuple(not_in_dockerfile(checked)),
            diagnostics=(
                *of_other_parent(checked, self.contexts.documents),
                *dropped_folders(checked, self.contexts.variants),
                *given_by_dockerfile(checked),
                *unchecked(build.dockerfile, dockerfile),
                *not_in_context(checked, self.contexts.sent(context)),
            ),
        )

    def _unset_advice(self, item: Variant, dockerfile: Dockerfile, name: str) -> str:
        documents = self.contexts.documents
        without_overlays = replace(documents, parts=documents.parts[: documents.project_files])
        file = without_overlays.place(("images", item.image), "key").file
        return unset_advice(self.matrix, self.contexts.variants, item, dockerfile, name, file)

    def _inherited(self, item: Variant) -> tuple[Instruction, ...]:
        """Return what a variant runs of its parent's Dockerfile; nothing of one that cannot be read."""
        parent = self.contexts.variants.get(item.parent or "")
        if parent is None or parent.build is None:
            return ()
        context = self.on_disk[parent.id]
        if isinstance(context, ContextFault):
            return ()
        try:
            return triggers(parsed(context.dockerfile), parent.build, item.platforms[0])
        except DockerfileError:
            return ()

    def _syntax(self, dockerfile: Dockerfile) -> str | None:
        """Return the frontend that a Dockerfile names, as the matrix writes it if it is the same."""
        frontend = self.matrix.network.frontend
        named = dockerfile.syntax
        return frontend if named and same_image(named, frontend) else named

    def _named_frontend(self, checked: CheckedDockerfile) -> Iterator[NamedImage]:
        """Yield the frontend that a Dockerfile names, if it is not the one of the matrix."""
        syntax, network = checked.dockerfile.syntax, self.matrix.network
        if syntax and not network.builtin_frontend and self._syntax(checked.dockerfile) != network.frontend:
            yield NamedImage(checked.place(1, syntax), syntax, f"the frontend {syntax}")

    def _frontend(self, checked: CheckedDockerfile) -> Iterator[FloatingImage]:
        """Yield the frontend that a Dockerfile names, if it is not the one of the matrix, which the lock has."""
        syntax, network = checked.dockerfile.syntax, self.matrix.network
        is_known = self._syntax(checked.dockerfile) == network.frontend or network.builtin_frontend
        if syntax and "@" not in syntax and not is_known:
            advice = f"write `# syntax={network.frontend}`, which the lock pins, or remove the line"
            yield FloatingImage(checked.place(1, syntax), syntax, f"the frontend {syntax}", advice)


def _with_triggers(
    item: Variant, variants: Mapping[str, Variant], dockerfiles: Mapping[str, Dockerfile]
) -> Variant:
    """Return a variant with what its build needs for ``ONBUILD`` of the Dockerfile that it is built on."""
    parent = variants.get(item.parent or "")
    if parent is None or parent.build is None or parent.id not in dockerfiles:
        return item
    replaced = replaced_in_triggers(dockerfiles[parent.id], parent.build, item.platforms[0])
    return replace(item, trigger_sources=replaced.sources, trigger_images=replaced.images)


def _read_variant(item: Variant, build: DockerfileBuild, dockerfile: Dockerfile) -> Variant:
    """Return a variant with what its Dockerfile says: without a ``RUN``, no day has anything run again."""
    runs = any(one.name == "RUN" for one in dockerfile.instructions)
    days = item.refresh_days if runs or item.scripts else None
    return replace(item, build=replace(build, runs=runs), refresh_days=days)


@cache
def parsed(content: bytes) -> Dockerfile:
    """Parse a Dockerfile, once for all variants that it is built for."""
    return parse(content.decode("utf-8", "replace"))


def split(content: bytes) -> Dockerfile:
    """Return a Dockerfile that cannot be parsed: nothing but its lines."""
    return Dockerfile((), tuple(split_lines(content.decode("utf-8", "replace"))))
