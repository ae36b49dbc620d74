"""Finds indexes that ask for a login, which uv passes over."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from image_matrix.lock.logins import NOT_FOUND, remedy, status_in
from image_matrix.lock.requirements import INDEX_MARK
from image_matrix.lock.resolver_api import Resolved, ResolveRequest, ResolverError, Unsatisfiable
from image_matrix.lock.uv_program import Uv, printed_for_index

if TYPE_CHECKING:
    from collections.abc import Iterable


LOGIN, REFUSALS = ("401",), ("401", "403")
"""What says for certain that a login is asked for, and what may say so too: some indexes answer 403 for a package that
they do not have."""

_NOT_FOUND = re.compile(rf"(\S+) {NOT_FOUND}")


def closed_index(
    request: ResolveRequest, uv: Uv, answer: Resolved | Unsatisfiable | ResolverError
) -> ResolverError | None:
    """Return that an index asks for a login, where it may be the cause of an answer."""
    first = (_first_name(request),)
    if isinstance(answer, Resolved):
        taken = {name.partition(INDEX_MARK)[2] for name in answer.files}
        unused = [uv.network.mirror_of(index) for index in request.named_indexes if index not in taken]
        return _refusal(unused, first, uv, LOGIN)
    text = answer.explanation if isinstance(answer, Unsatisfiable) else answer.reason
    names = tuple(match[1] for match in _NOT_FOUND.finditer(text))
    if not names and status_in(text) is None:
        return None
    addresses = [uv.network.mirror_of(index) for index in request.named_indexes]
    addresses += [uv.network.default_index] if uv.network.default_index and not request.index else []
    return _refusal(addresses, names or first, uv, REFUSALS)


def _refusal(
    indexes: Iterable[str], names: tuple[str, ...], uv: Uv, statuses: tuple[str, ...]
) -> ResolverError | None:
    """Ask each index alone: of several, uv does not say which one refused."""
    for index in indexes:
        status = status_in(printed_for_index(index, names, uv))
        if status in statuses:
            return ResolverError(f"{index} asks for a login ({status})", remedy(index, uv.network.netrc_name))
    return None


def _first_name(request: ResolveRequest) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", request.requirements[0])
    return match[0] if match else ""
