"""Names the indexes that a run has created, as subjects of GitHub's attestation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from image_matrix.config.release import SUBJECTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from image_matrix.publish.indexes import Index


def subjects(
    indexes: Sequence[Index], digests: Mapping[str, str], run: str, run_of: Callable[[str], str]
) -> list[str]:
    """Return a line for each index that this run has created, as ``sha256sum`` writes them: digest and name.

    ``digests`` are those of the indexes by variant, ``run_of`` returns the run that an index names. Earlier attempts of
    the run count: a job that is repeated attests what it has created before it failed.
    """
    lines = []
    for index in indexes:
        digest = digests[index.variant.id]
        if _same_run(run, run_of(f"{index.repository}@{digest}")):
            lines.append(f"{digest.removeprefix('sha256:')}  {index.repository}")
    return lines


def attestations(lines: Sequence[str]) -> list[str]:
    """Return the content of the files for ``actions/attest``, each with as many subjects as one attestation takes."""
    return [
        "".join(f"{line}\n" for line in lines[at : at + SUBJECTS]) for at in range(0, len(lines), SUBJECTS)
    ]


def _same_run(first: str, second: str) -> bool:
    return bool(first) and first.partition("/attempts/")[0] == second.partition("/attempts/")[0]
