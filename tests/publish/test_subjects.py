"""What GitHub attests of a release: the indexes that its run has created."""

from __future__ import annotations

from image_matrix.config.release import SUBJECTS
from image_matrix.publish.indexes import complete
from image_matrix.publish.subjects import attestations, subjects
from tests.publish.states import STATE
from tests.publish.test_indexes import LEGS, digest_of, part

INDEXES = complete(STATE, {leg: part(leg[1]) for leg in LEGS})
DIGESTS = {index.variant.id: digest_of(index.reference) for index in INDEXES}
RUN = "https://github.com/example/notebooks/actions/runs/17/attempts/2"


def lines(*runs: str, run: str = RUN) -> list[str]:
    names = [f"{index.repository}@{DIGESTS[index.variant.id]}" for index in INDEXES]
    return subjects(INDEXES, DIGESTS, run, lambda image: dict(zip(names, runs, strict=False)).get(image, ""))


def test_only_what_this_run_has_created_is_attested() -> None:
    other = RUN.replace("/17/", "/16/")
    first = INDEXES[0]
    expected = f"{DIGESTS[first.variant.id].removeprefix('sha256:')}  {first.repository}"
    assert lines(RUN, other) == [expected]


def test_a_job_that_is_repeated_attests_what_its_first_attempt_created() -> None:
    assert len(lines(RUN.replace("attempts/2", "attempts/1"), RUN)) == 2
    assert lines(RUN.replace("/17/", "/171/")) == []


def test_nothing_is_attested_outside_of_a_run() -> None:
    assert lines("", "", run="") == []


def test_an_attestation_has_a_limit_of_subjects() -> None:
    contents = attestations([f"{number}  x" for number in range(SUBJECTS + 1)])
    assert [content.count("\n") for content in contents] == [SUBJECTS, 1]
    assert attestations([]) == []
