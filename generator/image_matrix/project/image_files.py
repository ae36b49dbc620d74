"""Finds the files and scripts of the project that images name, on disk or at a revision."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from image_matrix.config.apt_repositories import KEY_ENDINGS
from image_matrix.config.image_files import ImageFiles
from image_matrix.config.variants import resolution_of
from image_matrix.diagnostics import catalogue as rules
from image_matrix.diagnostics import diagnose, did_you_mean
from image_matrix.dockerfiles.context_reader import LINK, ContextError, in_project
from image_matrix.dockerfiles.ignore import read_ignore
from image_matrix.project.generated_paths import generated_below, is_below
from image_matrix.project.json_files import faulty_copies
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from image_matrix.config.dockerfile_build import Entry
    from image_matrix.config.document import Documents
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.diagnostics import Diagnostic, Finding, Path
    from image_matrix.dockerfiles.context_reader import ContextReader

MOUNTABLE = re.compile(r"[A-Za-z0-9._/@+-]+")
"""A path that the mount of a Dockerfile can have, whose fields are separated by commas."""
NO_SOURCE = re.compile(r"\A[! ]| \Z|[$*?\[\]\\\"']")
"""What COPY does not take as it is: variables, quotes and wildcards, and what ends or negates a pattern of the files
that BuildKit sends; docs.docker.com/reference/dockerfile, "COPY", and github.com/moby/patternmatcher."""
ALLOWED = "letters, digits and `.`, `_`, `-`, `+`, `@`"
ARMOR = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
"""The first line of an armored public key (RFC 9580, section 6.2)."""
OPENPGP = b"\x80"
"""The least first byte of a binary key: the highest bit of each packet is set (RFC 9580, section 4.2)."""
AR = b"!<arch>\n"
"""What a Debian package begins with (deb(5))."""
WITHOUT_GIT = read_ignore("**/.git\n")


@dataclass(frozen=True, slots=True)
class WithFiles:
    """Variants whose files and scripts are paths in the project, what they name, and what is wrong with that."""

    variants: Mapping[str, Variant]
    files: Mapping[str, ImageFiles] = field(default_factory=dict)
    problems: tuple[Diagnostic, ...] = ()


def with_files(
    matrix: Matrix, variants: Mapping[str, Variant], documents: Documents, reader: ContextReader
) -> WithFiles:
    """Return variants with the places of their files and scripts; nothing is read before a key is needed."""
    project = _Locations(matrix, variants, documents, reader)
    every = [project.located(item) for item in variants.values() if item.uses_project]
    if not every:
        return WithFiles(variants)
    problems = dict.fromkeys(diagnose([finding for one in every for finding in one[1]], documents))
    located = {item.id: item for item, _ in every}
    files = {
        name: ImageFiles(reader.location, partial(entries_of, reader, item)) for name, item in located.items()
    }
    copies = ((path, file) for item in located.values() for path, file in item.files.items())
    unreadable = faulty_copies(dict.fromkeys(copies), reader)
    return WithFiles({**variants, **located}, files, (*problems, *unreadable))


def entries_of(reader: ContextReader, item: Variant) -> dict[str, Entry]:
    """Return the files that a variant copies, runs or installs, by their paths in the project."""
    entries: dict[str, Entry] = {}
    keys = (one.key for one in item.apt_repositories)
    for path in (*item.files.values(), *item.scripts, *item.apt_files, *keys):
        entry = reader.entry(path)
        if entry:
            entries[path] = entry
        else:
            inner = reader.entries(path, WITHOUT_GIT)
            entries |= {posixpath.join(path, name): one for name, one in inner.items()}
    return entries


@dataclass(frozen=True, slots=True)
class _Locations:
    matrix: Matrix
    variants: Mapping[str, Variant]
    documents: Documents
    reader: ContextReader

    def located(self, item: Variant) -> tuple[Variant, list[Finding]]:
        """Return a variant with paths in the project, and what is wrong with them."""
        resolution = resolution_of(self.matrix, self.variants, item)
        findings: list[Finding] = []
        files, scripts = {}, []
        for path, source in resolution.files.items():
            place = (*source.origin.path, "files", path)
            findings += self._checked(place, source.value, self._refuse_no_copy)
            files[path] = self._place(place, source.value)
        for script in resolution.scripts:
            place = (*script.origin.path, "scripts", script.position or 0)
            findings += self._checked(place, script.value, self._refuse_no_script)
            scripts.append(self._place(place, script.value))
        repositories, debs = [], []
        for one in resolution.apt_repositories:
            place = (*one.origin.path, "apt", "repositories", one.position or 0, "key")
            findings += self._checked(place, one.value.key, self._refuse_no_key)
            repositories.append(replace(one.value, key=self._place(place, one.value.key)))
        for deb in resolution.apt_files:
            place = (*deb.origin.path, "apt", "files", deb.position or 0)
            findings += self._checked(place, deb.value, self._refuse_no_package)
            debs.append(self._place(place, deb.value))
        located = replace(
            item,
            files=files,
            scripts=tuple(dict.fromkeys(scripts)),
            apt_repositories=tuple(repositories),
            apt_files=tuple(dict.fromkeys(debs)),
        )
        return located, findings

    def _checked(self, place: Path, path: str, refuse: Callable[[str], None]) -> Iterator[Finding]:
        """Yield what is wrong with a path; ``refuse`` raises :class:`ContextError` if what is there does not fit."""
        try:
            self._refuse_missing(self._folder(place), path)
            refuse(in_project(self._folder(place), path))
        except ContextError as error:
            yield rules.BAD_FILE.at(place, problem=error.problem, advice=error.advice)

    def _place(self, place: Path, path: str) -> str:
        return posixpath.normpath(posixpath.join(self._folder(place), path))

    def _folder(self, place: Path) -> str:
        return self.reader.folder_of(self.documents.place(place).file)

    def _refuse_no_copy(self, path: str) -> None:
        if NO_SOURCE.search(path):
            raise ContextError(
                f"COPY does not take the path `{path}` as it is",
                "rename it, without `!` before it, spaces around it, variables, wildcards and quotes",
            )
        if self.reader.mode(path) is None:
            self._refuse_changing(path)
            self._refuse_unfit(path)

    def _mounted(self, path: str, what: str) -> bytes:
        """Return the bytes of a file that a step mounts."""
        if self.reader.mode(path) is None:
            raise ContextError(f"{path} is a folder, not {what}", "write the path of a file")
        if not MOUNTABLE.fullmatch(path):
            raise ContextError(
                f"the path {path} has characters that a mount cannot name", f"rename it: {ALLOWED}"
            )
        return self.reader.read(path) or b""

    def _refuse_no_key(self, path: str) -> None:
        """Refuse what apt cannot verify a repository with; it tells the form of a key by the name of its file."""
        content = self._mounted(path, "a key")
        if not path.endswith(KEY_ENDINGS):
            raise ContextError(
                f"the name {path} does not say which form the key has",
                "name an armored key `.asc`, a binary one `.gpg`",
            )
        if b"PRIVATE KEY BLOCK" in content:
            raise ContextError(
                f"{path} is a private key", "write the path of the public key, and replace the pair of keys"
            )
        if path.endswith(".asc") and not any(line.strip() == ARMOR for line in content.splitlines()):
            raise ContextError(
                f"{path} is not an armored key: it has no line `{ARMOR.decode()}`",
                "export the key with `gpg --armor --export`, or name a binary key `.gpg`",
            )
        if path.endswith(".gpg") and not content[:1] >= OPENPGP:
            raise ContextError(f"{path} is not a binary key", "name an armored key `.asc`")

    def _refuse_no_package(self, path: str) -> None:
        content = self._mounted(path, "a Debian package")
        if not path.endswith(".deb"):
            raise ContextError(
                f"the name {path} does not end with `.deb`", "rename it: apt looks at the name"
            )
        if not content.startswith(AR):
            raise ContextError(
                f"{path} is not a Debian package", "write the path of a file that dpkg-deb made"
            )

    def _refuse_no_script(self, path: str) -> None:
        first = self._mounted(path, "a script").partition(b"\n")[0]
        if not first.startswith(b"#!"):
            advice = "write the program that runs it into its first line, such as `#!/bin/sh -eu`"
            raise ContextError(f"{path} does not begin with `#!`", advice)
        if first.endswith(b"\r"):
            raise ContextError(
                f"the first line of {path} ends with a carriage return",
                "save the file with line ends of Unix (LF)",
            )

    def _refuse_missing(self, folder: str, path: str) -> None:
        """Refuse what does not exist, and a link: a checkout and a revision must mean the same file by it.

        ``path`` is relative to ``folder``, and so are the paths of the advice.
        """
        whole = in_project(folder, path)
        mode = self.reader.mode(whole)
        if mode == LINK:
            end = posixpath.join(posixpath.dirname(whole), self.reader.target(whole))
            target = posixpath.relpath(end, folder or ".")
            raise ContextError(
                f"{whole} is a link", f"write the path of the file that it leads to: `{target}`"
            )
        if mode is None and self.reader.names(whole) is None:
            beside = self.reader.names(posixpath.dirname(whole) or ".") or ()
            similar = did_you_mean(path, [posixpath.join(posixpath.dirname(path), name) for name in beside])
            advice = (
                similar
                if similar.endswith("?")
                else "correct the path: it is relative to the file that names it"
            )
            raise ContextError(f"there is no file or folder {whole}", advice)

    def _refuse_changing(self, folder: str) -> None:
        generated = generated_below(folder, self.variants.values())
        if generated:
            raise ContextError(
                f"the folder {folder} has {listed(generated, 3)}, which every render may change",
                "write the path of a folder without generated files",
            )

    def _refuse_unfit(self, folder: str) -> None:
        """Refuse a folder with files that cannot be read, or with links to what is not in it."""
        try:
            modes = self.reader.modes(folder, WITHOUT_GIT)
        except ContextError as error:
            raise ContextError(
                error.problem, "correct its permissions, or put the file itself there"
            ) from error
        for name in (name for name, mode in modes.items() if mode == LINK):
            path = posixpath.join(folder, name)
            end = posixpath.normpath(posixpath.join(posixpath.dirname(path), self.reader.target(path)))
            if not is_below(end, folder):
                raise ContextError(
                    f"{path} is a link to something outside of {folder}", "put the file itself there"
                )
