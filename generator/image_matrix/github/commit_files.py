"""Reads the files of a commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.output_tree.files import File

if TYPE_CHECKING:
    from image_matrix.github.branch_commit import Git


def files_at(git: Git, commit: str, folder: str) -> dict[str, File]:
    """Return the files of a folder in a commit, by path in that folder; raises :class:`EnvironmentFailure`."""
    listed = git.output("ls-tree", "-r", "-z", "--full-tree", f"{commit}:{folder}")
    entries = [entry.partition(b"\t") for entry in listed.split(b"\0") if entry]
    rows = [(meta.split(), path.decode("utf-8", "surrogateescape")) for meta, _, path in entries]
    files = [(mode, identity, path) for (mode, kind, identity), path in rows if kind == b"blob"]
    contents = _blobs(git, [identity for _, identity, _ in files])
    return {
        path: File(content, executable=mode == b"100755", symlink=mode == b"120000")
        for (mode, _, path), content in zip(files, contents, strict=True)
    }


def _blobs(git: Git, identities: list[bytes]) -> list[bytes]:
    """Return the contents of blobs; git-scm.com/docs/git-cat-file, "Batch output"."""
    output = git.output("cat-file", "--batch", stdin=b"".join(b"%b\n" % one for one in identities))
    contents, at = [], 0
    for _ in identities:
        head = output.index(b"\n", at)
        size = int(output[at:head].split()[2])
        contents.append(output[head + 1 : head + 1 + size])
        at = head + size + 2
    return contents
