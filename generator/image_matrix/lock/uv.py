"""Resolves requirements with ``uv pip compile`` to versions and files, for one Python on one architecture.

``pylock.toml`` (PEP 751) is asked for, because it names the files that fit; given as a file that already exists, it is
also how uv takes the versions that it shall keep. uv's own configuration files are left out: what is resolved follows
from the matrix. Its environment variables stay, they hold credentials of indexes.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from image_matrix.lock.index_logins import closed_index
from image_matrix.lock.pylock import address_of, files_of, hosts_of
from image_matrix.lock.requirements import INDEX_MARK, is_direct
from image_matrix.lock.resolver_api import ROOT, Graph, Resolved, ResolveRequest, ResolverError, Unsatisfiable
from image_matrix.lock.uv_program import Uv, compiled

if TYPE_CHECKING:
    from collections.abc import Iterable


def resolve(request: ResolveRequest, uv: Uv) -> Resolved | Unsatisfiable | ResolverError:
    """Resolve a question; what is in its constraints is not part of the answer.

    An index that asks for a login is a failure even where another one has packages of the same name: uv passes over it.
    """
    answer = _resolve(request, uv)
    return closed_index(request, uv, answer) or answer


def _resolve(request: ResolveRequest, uv: Uv) -> Resolved | Unsatisfiable | ResolverError:
    answer = compiled(request, uv, "pylock.toml")
    if not isinstance(answer, str):
        return answer
    try:
        entries = {
            f"{package['name']}=={package['version']}{address_of(package)}": package
            for package in tomllib.loads(answer).get("packages", ())
        }
        packages = {name: files_of(package) for name, package in entries.items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        return ResolverError(f"uv's answer is not as expected: {error!r}")
    origins = _origins(request, uv, packages)
    if not isinstance(origins, Mapping):
        return origins
    files = {
        name: tags
        for bare, tags in packages.items()
        if (name := bare + (f"{INDEX_MARK}{origins[bare]}" if bare in origins else ""))
        not in request.constraints
    }
    bare = [name for name, tags in files.items() if not tags and not is_direct(name)]
    return (
        ResolverError(f"the index has no SHA-256 for {', '.join(bare)}")
        if bare
        else Resolved(files, hosts_of(entries, origins, uv.network))
    )


def _origins(
    request: ResolveRequest, uv: Uv, packages: Iterable[str]
) -> Mapping[str, str] | Unsatisfiable | ResolverError:
    """Return the index of every package that is not from the default one; uv says it in its other format only."""
    if not request.named_indexes:
        return {}
    answer = compiled(replace(request, constraints=tuple(packages)), uv, "requirements.txt")
    if not isinstance(answer, str):
        return answer
    index_of: dict[str, str] = {}
    package = ""
    for line in answer.splitlines():
        package = line.partition(" ")[0] if re.match(r"[A-Za-z0-9]", line) else package
        index = (
            uv.network.public(line.partition("# from ")[2], request.named_indexes)
            if "# from " in line
            else None
        )
        if index:
            index_of[package] = index
    return index_of


def graph(request: ResolveRequest, uv: Uv) -> Graph | Unsatisfiable | ResolverError:
    """Resolve a question to its graph."""
    answer = compiled(request, uv, "requirements.txt")
    if not isinstance(answer, str):
        return answer
    versions, needed_by = {}, {}
    for line in answer.splitlines():
        match = re.match(r"([A-Za-z0-9._-]+)(?:==| @ )(\S+)\s*(?:# via (.*))?$", line)
        if match:
            via = [item.strip() for item in (match[3] or "").split(",")]
            versions[match[1]] = match[2]
            needed_by[match[1]] = tuple(_requirer(item) for item in via if item and not item.startswith("-c"))
    return Graph(versions, needed_by)


def wheels(request: ResolveRequest, uv: Uv) -> dict[str, str]:
    """Return the address of one wheel of each package that a request resolves to; none if uv fails."""
    answer = compiled(request, uv, "pylock.toml")
    packages = tomllib.loads(answer).get("packages", ()) if isinstance(answer, str) else ()
    return {
        f"{package['name']}=={package['version']}": package["wheels"][0]["url"]
        for package in packages
        if package.get("wheels") and "url" in package["wheels"][0] and "version" in package
    }


def _requirer(annotation: str) -> str:
    return ROOT if annotation.startswith("-r") else annotation.partition("[")[0]
