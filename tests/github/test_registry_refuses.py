"""`ci plan` where the registry refuses: a limit is waited for, and a refusal is not taken for absence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.github.support import Refusal

if TYPE_CHECKING:
    from tests.github.support import Place

pytestmark = pytest.mark.slow

LIMIT = (
    'permission_denied: Error from intermediary with HTTP status code 403 "Forbidden": '
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
DENIED = "requested access to the resource is denied"
"""What GHCR says of a package that does not exist, too."""
HUB = "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"


def built(outputs: dict[str, str]) -> set[str]:
    return set(json.loads(outputs["legs"]))


EVERYTHING = {"base-amd64", "leaf-amd64", "other-amd64"}


@pytest.mark.parametrize("message", [LIMIT, HUB])
def test_a_limit_that_does_not_end_is_no_reason_to_build_everything(place: Place, message: str) -> None:
    place.refusals.append(Refusal(message, headers={"Retry-After": "2"}))
    code, comment, outputs = place.push()
    assert (code, outputs) == (3, {})
    assert "**The plan failed.**" in comment
    assert message in comment
    assert "help: wait a few minutes and run it again" in comment
    assert set(place.pauses) == {2.0}


def test_a_limit_that_does_not_end_is_waited_for_once_a_run(place: Place) -> None:
    place.change(
        'axes: {python: ["3.13"]}', f"axes: {{python: {json.dumps([f'3.{n}' for n in range(10, 14)])}}}"
    )
    place.change("[linux/amd64]", "[linux/amd64, linux/arm64]")
    place.refusals.append(Refusal(LIMIT))
    assert place.push()[0] == 3
    assert sum(place.pauses) <= 16 * 2 * 60, "16 requests at a time wait, all others do not"
    assert max(place.pauses) <= 60


def test_a_limit_that_ends_is_waited_for_as_long_as_the_registry_asks(place: Place) -> None:
    place.refusals.append(Refusal(LIMIT, first=5, headers={"Retry-After": "2"}))
    code, _, outputs = place.push()
    assert (code, built(outputs)) == (0, set())
    assert place.pauses
    assert set(place.pauses) == {2.0}


def test_a_limit_without_a_number_is_waited_for_longer_and_longer(place: Place) -> None:
    place.refusals.append(Refusal(LIMIT, first=3, names=("leaf:",)))
    assert (place.push()[0], place.pauses) == (0, [1.0, 2.0, 4.0])


def test_the_first_run_goes_on_where_no_package_exists_yet(place: Place) -> None:
    place.held.clear()
    place.refusals.append(Refusal(DENIED))
    code, _, outputs = place.push()
    assert (code, built(outputs), place.pauses) == (0, EVERYTHING, [])


def test_a_new_image_is_built_although_its_package_does_not_exist_yet(place: Place) -> None:
    place.release("base", "leaf", "other")
    place.change("  other:", "  another: {from: base, pip: [toolz==1.0.0, jupyterhub==5.5.0]}\n  other:")
    place.refusals.append(Refusal(DENIED, names=("another:",)))
    code, _, outputs = place.push()
    assert (code, built(outputs)) == (0, {"another-amd64"})


def test_what_was_released_is_not_absent_because_the_registry_refuses(place: Place) -> None:
    place.release("base", "leaf", "other")
    place.refusals.append(Refusal(DENIED))
    code, comment, outputs = place.push()
    assert (code, outputs) == (3, {})
    assert "/base:" in comment
    assert DENIED in comment
    assert "`force`" in comment


def test_a_digest_file_that_cannot_be_read_says_nothing_to_a_plan(place: Place) -> None:
    """The release refuses it. What does not depend on it goes on."""
    place.release_text("<<<<<<< HEAD")
    place.held.clear()
    place.refusals.append(Refusal(DENIED))
    code, _, outputs = place.push()
    assert (code, built(outputs)) == (0, EVERYTHING)


def test_a_refusal_is_not_absence_where_another_tag_of_the_image_is_answered(place: Place) -> None:
    place.change("[linux/amd64]", "[linux/amd64, linux/arm64]")
    place.held |= place.tags()
    (refused,) = [name for name in place.held if name.startswith("leaf:") and name.endswith("-arm64")]
    place.refusals.append(Refusal(DENIED, names=(refused,)))
    code, comment, _ = place.push()
    assert code == 3
    assert refused in comment


def test_a_pull_request_does_not_build_what_the_default_branch_may_have(place: Place) -> None:
    place.release("base", "leaf", "other")
    place.refusals.append(Refusal(DENIED, names=("base:", "leaf:", "other:")))
    assert place.plan(place.git("rev-parse", "HEAD"))[0] == 3


def test_packages_of_the_staging_path_need_not_exist(place: Place) -> None:
    base = place.git("rev-parse", "HEAD")
    place.change("six==1.17.0", "six==1.16.0")
    place.refusals.append(Refusal(DENIED, names=("staging/",)))
    code, comment, outputs = place.plan(base)
    assert (code, built(outputs)) == (0, {"leaf-amd64"})
    assert "denies access" not in comment


def test_force_builds_what_the_registry_has_lost(place: Place) -> None:
    place.release("base", "leaf", "other")
    place.refusals.append(Refusal(DENIED))
    code, _, outputs = place.start("workflow_dispatch", {"inputs": {"force": "true"}}, staging=False)
    assert (code, built(outputs)) == (0, EVERYTHING)


def test_a_server_that_fails_for_one_image_does_not_have_it_built(place: Place) -> None:
    place.refusals.append(Refusal("", names=("leaf:",), status=502))
    code, comment, _ = place.push()
    assert code == 3
    assert "HTTP 502" in comment


@pytest.mark.parametrize("scan", ["scan: trivy", "scan: none, sbom: false"])
def test_every_tag_is_asked_for_once(place: Place, scan: str) -> None:
    place.change("scan: none", scan)
    assert place.push()[0] == 0
    assert {name for name in place.held if place.asked[name] != 1} == set()
    place.asked.clear()
    assert place.plan(place.git("rev-parse", "HEAD"))[0] == 0
    assert {name for name in place.held if place.asked[name] != 1} == set()


def test_a_scan_that_is_refused_the_image_does_not_pass(place: Place) -> None:
    place.change("scan: none", "scan: trivy")
    place.refusals.append(Refusal(DENIED))
    assert place("scan", "leaf", "--platform", "linux/amd64")[0] == 3
    place.refusals.clear()
    place.held.clear()
    in_a_job = ("scan", "leaf", "--platform", "linux/amd64", "--result", str(place.root / "scanned.json"))
    assert place(*in_a_job)[0] == 0, "the job that builds it is red already"


def test_a_plan_at_hand_does_not_take_a_limit_for_absence(place: Place) -> None:
    place.refusals.append(Refusal(LIMIT, first=3, headers={"Retry-After": "2"}))
    assert place("plan", "--registry")[1].startswith("nothing to build")
    place.refusals.append(Refusal(LIMIT))
    assert place("plan", "--registry")[0] == 3


def test_an_account_that_may_not_push_ends_the_plan(place: Place) -> None:
    place.change(
        "release:",
        f'network: {{logins: {{"127.0.0.1:{place.port}": {{username: A, password: B}}}}}}\nrelease:',
    )
    place.held.clear()
    place.uploads.append(403)
    code, comment, outputs = place.push()
    assert (code, outputs) == (3, {})
    assert "/notebooks/base: no image can be pushed: the registry denies access" in comment
    place.uploads[:] = [202]
    assert place.push()[0] == 0
