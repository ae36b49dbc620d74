"""Checks how releases are pushed, copied, scanned and signed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.config.workflow import staging_of
from image_matrix.registry.reference import DOCKER_HUB
from image_matrix.validate.findings import bad_value
from image_matrix.validate.names import bad_reference, has_domain, is_repository, reference_advice
from image_matrix.validate.secrets import TAKEN, TAKEN_PREFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from image_matrix.config.model import Matrix, Variant
    from image_matrix.config.release import Scanning
    from image_matrix.diagnostics import Finding
    from image_matrix.diagnostics import Path as FieldPath


def release_push(matrix: Matrix) -> Iterator[Finding]:
    """Several logins for the release branch, or one whose commits GitHub's API does not sign."""
    push = matrix.release.push
    logins = {"app": push.app, "token": push.token, "deploy_key": push.deploy_key}
    named = [name for name, value in logins.items() if value]
    if len(named) > 1:
        path: FieldPath = ("release", "push", named[1])
        yield bad_value(path, f"`{named[0]}` has a login, too", "remove one of the two", "key")
    elif push.verified and (push.token or push.deploy_key):
        other = "another token" if push.token else "a deploy key"
        advice = (
            f"write `app` in place of `{named[0]}`, or neither: GitHub signs for Apps and for its own token"
        )
        yield bad_value(("release", "push", "verified"), f"GitHub signs no commit of {other}", advice)


def copies(matrix: Matrix) -> Iterator[Finding]:
    """Copies of a release that have no place of their own."""
    taken = {
        matrix.registry: "`registry`",
        staging_of(matrix.registry, matrix.workflow): "`workflow.staging`",
    }
    for at, text in enumerate(matrix.release.copies):
        path: FieldPath = ("release", "copies", at)
        if not is_repository(text):
            yield bad_reference(path, "registry path", text, reference_advice(text, "docker.io/team"))
        elif text in taken:
            advice = "remove it, or name another registry or path"
            yield bad_value(path, f"{text} is {taken[text]} itself", advice)
        elif text.partition("/")[0] == DOCKER_HUB and text.count("/") != 1:
            advice = "Docker Hub's names are NAMESPACE/IMAGE: write docker.io/NAMESPACE"
            yield bad_reference(path, "registry path", text, advice)


def copied_twice(matrix: Matrix, expanded: Mapping[str, Variant]) -> Iterator[Finding]:
    """Copies that would share a repository with another copy or with the release."""
    published = [item for item in expanded.values() if item.publish]
    owners: dict[str, str] = {matrix.repository(item): matrix.registry for item in published}
    for at, text in enumerate(matrix.release.copies):
        for repository in dict.fromkeys(item.repository for item in published):
            path: FieldPath = ("release", "copies", at)
            name = f"{text}/{repository}"
            if owners.setdefault(name, text) != text and is_repository(text) and text != matrix.registry:
                problem = f"{name} is an image of {owners[name]}, too"
                yield bad_value(path, problem, "name a path that no other registry path begins with")


def scanner_and_signer(matrix: Matrix) -> Iterator[Finding]:
    """Scanners and signers without what they need."""
    scan, sign = matrix.release.scan, matrix.release.sign
    if scan.tool == "image" and not scan.image:
        advice = "add, for example, `image: registry.example.org/scanner@sha256:…`"
        yield bad_value(("release", "scan"), "it names no scanner image", advice)
    if scan.image and not has_domain(scan.image):
        advice = f"write the whole reference: `docker.io/{scan.image}`"
        yield bad_reference(("release", "scan", "image"), "image reference with a digest", scan.image, advice)
    places = ("{archive}", "{report}", *(("{sarif}",) if scan.sarif else ()))
    for place in places if scan.tool in ("command", "image") else ():
        if place not in " ".join(scan.command):
            advice = f"add {place} to `command` where it belongs"
            yield bad_value(("release", "scan"), f"the command has no {place}", advice)
    if sign.tool == "notation" and not (sign.plugin and sign.key):
        yield bad_value(("release", "sign"), "notation needs a plugin and a key", "add `plugin:` and `key:`")
    if sign.tool == "cosign" and sign.key and not _is_address(sign.key):
        yield bad_value(("release", "sign", "key"), *_of_no_address(sign.key))
    elif sign.tool == "cosign" and sign.key and not sign.public_key:
        advice = f"run `cosign public-key --key {sign.key} > cosign.pub`, and add `public_key: cosign.pub`"
        yield bad_value(("release", "sign"), "nothing verifies what `key` signs", advice)
    if sign.public_key and not (sign.tool == "cosign" and sign.key):
        yield bad_value(
            ("release", "sign"), "`public_key` goes with cosign's `key`", "remove it, or add `key:`"
        )


def _is_address(key: str) -> bool:
    """Say whether a key of cosign is in a KMS, a token or a variable; docs.sigstore.dev/cosign/key_management."""
    return "://" in key or key.startswith("pkcs11:")


def _of_no_address(key: str) -> tuple[str, str]:
    """Return what is wrong with a key that is the path of a file or the name of a secret, and the remedy."""
    if re.fullmatch(r"[A-Z][A-Z0-9_]*", key):
        return f"`{key}` is not the address of a key", f"write `env://{key}` for the secret `{key}`"
    advice = "put the private key into a secret, such as COSIGN_KEY, write `env://COSIGN_KEY`, and keep no file of it"
    return "a private key in a file would be in the repository, where others can read it", advice


def ignored_findings(matrix: Matrix) -> Iterator[Finding]:
    """Exceptions that never count, since scanners compare ids letter by letter, and those of one finding twice."""
    seen: set[str] = set()
    for at, item in enumerate(matrix.release.scan.ignore):
        path: FieldPath = ("release", "scan", "ignore", at, "id")
        written = _id_as_scanners_write_it(item.id)
        if item.id != written:
            yield bad_value(
                path, f"no scanner writes `{item.id}` so, and it would not count", f"write `{written}`"
            )
        elif item.id in seen:
            yield bad_value(path, f"`{item.id}` is there twice", "keep the one with the right date")
        seen.add(written)


def _id_as_scanners_write_it(text: str) -> str:
    """Return an id of CVE (cve.org) or GitHub (docs.github.com, "GHSA IDs") in the letters of its database."""
    prefix, _, rest = text.partition("-")
    match prefix.upper():
        case "CVE":
            return text.upper()
        case "GHSA":
            return f"GHSA-{rest.lower()}"
    return text


def scanner_settings(matrix: Matrix) -> Iterator[Finding]:
    """Settings of a scanner that it has no use for, and variables that would steer other programs."""
    scan = matrix.release.scan
    if scan.tool != "image":
        boxed = {"entrypoint": scan.entrypoint, "resources": scan.resources.cpu or scan.resources.memory}
        for name in (name for name, value in boxed.items() if value):
            problem = f"only a scanner that runs in a container has `{name}`"
            yield bad_value(("release", "scan", name), problem, "write `tool: image`, or remove it", "key")
    yield from _of_another_scanner(scan)
    for at, name in enumerate(scan.secrets):
        path: FieldPath = ("release", "scan", "secrets", at)
        if name in scan.env:
            yield bad_value(path, f"`env` has a variable `{name}`, too", "remove one of the two")
        elif name in TAKEN or name.startswith(TAKEN_PREFIXES):
            problem = f"a variable `{name}` would change how programs of the scan work"
            yield bad_value(path, problem, "give the secret another name, such as `SCANNER_TOKEN`")


def _of_another_scanner(scan: Scanning) -> Iterator[Finding]:
    """Variables and secrets whose names are those of the scanner that does not scan."""
    other = {"trivy": "grype", "grype": "trivy"}.get(scan.tool)
    if other is None:
        return
    problem, advice = f"{scan.tool} does not read it", f"remove it, or write `tool: {other}`"
    prefix = f"{other.upper()}_"
    for name in (name for name in scan.env if name.startswith(prefix)):
        yield bad_value(("release", "scan", "env", name), problem, advice, "key")
    for at, name in enumerate(scan.secrets):
        if name.startswith(prefix):
            yield bad_value(("release", "scan", "secrets", at), problem, advice)
