"""Which images are believed: what verifiers are asked, and what follows from their answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from image_matrix.config.release import Signing
from image_matrix.publish import trust as trust_module
from image_matrix.publish.claims import contains
from image_matrix.publish.signing import can_verify
from image_matrix.publish.trust import Trust, never_tested, unproven, unscanned, untested
from tests.publish.states import STATE
from tests.publish.support import answers, stub

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from image_matrix.publish.signing import Verifier

AMD, ARM = (("base:python3.13", f"linux/{arch}") for arch in ("amd64", "arm64"))
IMAGES = {
    leg: f"ghcr.io/example/notebooks/base@sha256:{number * 64}" for leg, number in ((AMD, "1"), (ARM, "2"))
}
POLICY = "0123456789ab"


def knowing(*signed: tuple[str, Mapping[str, str]]) -> Verifier:
    """Return a verifier that knows these signatures: the image, and all that the signature says."""

    def refusal(image: str, claims: Mapping[str, str]) -> str | None:
        fits = any(image == one and contains(said, claims) for one, said in signed)
        return None if fits else "it has no valid signature"

    return refusal


NOBODY = knowing()


def test_a_signature_is_for_one_image_as_one_variant_on_one_platform() -> None:
    trust = Trust(knowing((IMAGES[AMD], trust_module.tested_claims(STATE, AMD))), NOBODY)
    assert untested(STATE, IMAGES, trust) == {ARM: "it has no valid signature"}
    assert untested(STATE, {ARM: IMAGES[AMD]}, trust), "another platform"
    assert untested(STATE, {("base:python3.11", "linux/amd64"): IMAGES[AMD]}, trust), "another variant"
    assert untested(STATE, {AMD: IMAGES[ARM]}, trust), "another image"


def test_a_signature_of_another_key_is_worth_nothing() -> None:
    """The same image, signed before the matrix changed."""
    old = {**trust_module.tested_claims(STATE, AMD), "image-matrix.key": "0" * 64}
    assert untested(STATE, {AMD: IMAGES[AMD]}, Trust(knowing((IMAGES[AMD], old)), NOBODY))


def test_a_tested_image_is_not_a_scanned_one() -> None:
    everything = knowing(*((image, trust_module.tested_claims(STATE, leg)) for leg, image in IMAGES.items()))
    assert set(unscanned(STATE, IMAGES, POLICY, Trust(everything, everything))) == set(IMAGES)


def test_what_may_not_be_released_says_what_is_missing() -> None:
    tested = knowing((IMAGES[AMD], trust_module.tested_claims(STATE, AMD)))
    assert unproven(STATE, IMAGES, POLICY, Trust(tested, NOBODY)) == {
        ARM: "not tested: it has no valid signature",
        AMD: "not scanned: it has no valid signature",
    }
    scanned = knowing((IMAGES[AMD], trust_module.scanned_claims(STATE, AMD, POLICY)))
    assert unproven(STATE, {AMD: IMAGES[AMD]}, POLICY, Trust(tested, scanned)) == {}
    assert unproven(STATE, {AMD: IMAGES[AMD]}, "another", Trust(tested, scanned)) != {}


def test_without_a_scanner_a_tested_image_is_enough() -> None:
    trust = Trust(knowing((IMAGES[AMD], trust_module.tested_claims(STATE, AMD))), NOBODY)
    assert unproven(STATE, {AMD: IMAGES[AMD]}, None, trust) == {}


@pytest.mark.parametrize(
    ("signing", "identity", "can"),
    [
        (Signing("none"), "https://github.com/x", False),
        (Signing(), None, False),
        (Signing(), "https://github.com/x", True),
        (Signing(key="env://K", public_key="k"), None, True),
    ],
)
def test_who_can_tell_a_valid_signature(signing: Signing, identity: str | None, can: bool) -> None:
    assert can_verify(signing, identity) is can


@pytest.mark.parametrize("has_policy", [True, False])
def test_notation_needs_a_trust_policy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_policy: bool
) -> None:
    stub(tmp_path, monkeypatch, "notation")
    answers(tmp_path, "Error: trust policy is not present\n", 0 if has_policy else 99)
    assert can_verify(Signing("notation", key="arn:x", plugin="p"), None) is has_policy
    assert (tmp_path / "calls").read_text() == "policy show\n"


def test_an_image_that_has_passed_other_tests_is_no_strangers_and_not_released() -> None:
    image = {AMD: IMAGES[AMD]}
    other = {**trust_module.tested_claims(STATE, AMD), "image-matrix.promises": "0" * 64}
    trust = Trust(knowing((IMAGES[AMD], other)), NOBODY)
    assert never_tested(STATE, image, trust) == {}
    assert untested(STATE, image, trust) != {}
    assert unproven(STATE, image, None, trust) != {}
