"""Reads the Dockerfile and the ignored files of images that are built from their own folder, or says what is wrong."""

from __future__ import annotations

import difflib
import json
import posixpath
import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.config.variants import resolution_of
from image_matrix.dockerfiles.context_reader import (
    IGNORE_FILE,
    ContextError,
    ignore_file_of,
    ignore_of,
    in_project,
    shared_ignore_file,
)
from image_matrix.json_data import at_path
from image_matrix.project.context_faults import ContextFault, findings_of
from image_matrix.project.generated_paths import changing_and_sent, changing_below
from image_matrix.text import listed
from image_matrix.validate.copied_files import SentFiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.document import Documents
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Finding
    from image_matrix.dockerfiles.context_reader import ContextReader
    from image_matrix.dockerfiles.ignore import Ignore

_PLAIN = re.compile(r"[A-Za-z_][\w./-]*", re.ASCII)
"""Paths that YAML takes as texts without quotes."""


@dataclass(frozen=True, slots=True)
class DockerfileContext:
    """What an image is built from."""

    build: DockerfileBuild
    """With paths in the project."""
    dockerfile: bytes
    ignore: Ignore
    ignore_text: bytes | None
    """The text of the ``.dockerignore`` that belongs to the Dockerfile alone."""


@dataclass(frozen=True, slots=True)
class DockerfileContexts:
    """A matrix, and the files of its project."""

    matrix: Matrix
    variants: Mapping[str, Variant]
    documents: Documents
    reader: ContextReader

    def read(self, item: Variant, declared: DockerfileBuild) -> DockerfileContext | ContextFault:
        """Read what a variant is built from, and refuse what would change its key with every build."""
        context = self.located(item, declared)
        if isinstance(context, ContextFault):
            return context
        build = context.build
        try:
            self._refuse_changing(build.context, context.ignore)
            self.reader.modes(build.context, context.ignore)
        except ContextError as error:
            return self._fault(item, "context", error, build)
        return context

    def located(self, item: Variant, declared: DockerfileBuild) -> DockerfileContext | ContextFault:
        """Find the folder and the Dockerfile of a variant."""
        field, build = "context", declared
        scalars = resolution_of(self.matrix, self.variants, item).scalars
        try:
            place = (*scalars["context"].origin.path, "context")
            folder = self.reader.folder_of(self.documents.place(place).file)
            build = replace(build, context=in_project(folder, declared.context))
            if self.reader.names(build.context) is None:
                advice = "correct the path: it is relative to the file that names it"
                return ContextFault(place, item.image, "folder", advice, build.context)
            if "dockerfile" in scalars:
                field, place = "dockerfile", (*scalars["dockerfile"].origin.path, "dockerfile")
            build = replace(build, dockerfile=in_project(build.context, declared.dockerfile))
            content = self.reader.read(build.dockerfile)
            if content is None:
                advice = self._nearest(build, str(at_path(self.documents.value, place)))
                return ContextFault(place, item.image, "file", advice, build.dockerfile)
            ignore, text = ignore_of(self.reader, build.context, build.dockerfile)
        except ContextError as error:
            return self._fault(item, field, error, build)
        return DockerfileContext(build, content, ignore, text)

    def _fault(self, item: Variant, field: str, error: ContextError, build: DockerfileBuild) -> ContextFault:
        scalars = resolution_of(self.matrix, self.variants, item).scalars
        path = (*scalars[field].origin.path, field)
        return ContextFault(
            path, item.image, error.problem, error.advice.replace(IGNORE_FILE, self._file(build))
        )

    def _file(self, build: DockerfileBuild) -> str:
        """Return the path of the file that says what the build ignores; it may be missing."""
        specific = ignore_file_of(build.dockerfile)
        try:
            return shared_ignore_file(build.context) if self.reader.read(specific) is None else specific
        except ContextError:
            return specific

    def _nearest(self, build: DockerfileBuild, written: str) -> str:
        """Return what to do without a Dockerfile, with the name of the most similar one that is there."""
        missing = posixpath.relpath(build.dockerfile, build.context)
        near = difflib.get_close_matches(missing, [*self._dockerfiles(build)], n=1, cutoff=0)
        if not near:
            return "create it, or correct `context` or `dockerfile`"
        if "{" in written:
            return f"create it, or correct the name: the most similar one is {near[0]}"
        return f"write `dockerfile: {near[0] if _PLAIN.fullmatch(near[0]) else json.dumps(near[0])}`"

    def _dockerfiles(self, build: DockerfileBuild) -> Iterator[str]:
        """Yield the Dockerfiles in the context, and beside the missing one, by their paths in the context."""
        for folder in dict.fromkeys((posixpath.dirname(build.dockerfile) or ".", build.context)):
            for name in self.reader.names(folder) or ():
                path = posixpath.normpath(posixpath.join(folder, name))
                if re.search("dockerfile|containerfile", name, re.IGNORECASE) and self._is_file(path):
                    yield posixpath.relpath(path, build.context)

    def _is_file(self, path: str) -> bool:
        try:
            return not path.endswith(IGNORE_FILE) and self.reader.read(path) is not None
        except ContextError:
            return False

    def sent(self, context: DockerfileContext) -> SentFiles:
        """Return what a build gets of its context."""
        build = context.build
        return SentFiles(
            build.context,
            self.reader.modes(build.context, context.ignore),
            context.ignore,
            shared_ignore_file(build.context)
            if context.ignore_text is None
            else ignore_file_of(build.dockerfile),
            partial(changing_below, build.context, self.variants.values(), self.reader),
            partial(self._exists, build.context),
        )

    def _exists(self, context: str, path: str) -> bool | None:
        place = posixpath.normpath(posixpath.join(context, path))
        try:
            return self.reader.mode(place) is not None or self.reader.names(place) is not None
        except ContextError:
            return None

    def _refuse_changing(self, context: str, ignore: Ignore) -> None:
        """Refuse files that change for other reasons than the image: each build would get another key."""
        sent = changing_and_sent(context, self.variants.values(), self.reader, ignore)
        if sent:
            raise ContextError(
                f"the folder {context} has {listed(sent, 3)}: "
                "each commit, render or edit of the matrix would build the image again",
                f"write into {IGNORE_FILE}, in lines of their own: {' '.join(sent)}",
            )


def unlocatable(
    matrix: Matrix, variants: Mapping[str, Variant], documents: Documents, reader: ContextReader
) -> list[Finding]:
    """Return the folders and Dockerfiles that are missing, of a matrix that may have other mistakes.

    A path with a brace is one of these: its placeholder has no value.
    """
    contexts = DockerfileContexts(matrix, variants, documents, reader)
    located = (contexts.located(item, item.build) for item in variants.values() if item.build)
    return findings_of(one for one in located if isinstance(one, ContextFault) and "{" not in one.missing)
