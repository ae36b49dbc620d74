"""Resolves requirements with ``uv pip compile`` to versions and files, for one Python on one architecture.

``pylock.toml`` (PEP 751) is asked for, because it names the files that fit; given as a file that already exists, it is
also how uv takes the versions that it shall keep. uv's own configuration files are left out: what is resolved follows
from the matrix. Its environment variables stay, they hold credentials of indexes.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from image_matrix.config.mirrors import mirrored
from image_matrix.config.trusted_hosts import git_trust
from image_matrix.errors import naming
from image_matrix.lock.logins import NOT_FOUND, remedy, status_in
from image_matrix.lock.requirements import INDEX_MARK, MACHINES, constraint, is_direct, wheel_tag
from image_matrix.lock.resolver_api import (
    ALL,
    DEFAULT_INDEX,
    ROOT,
    Graph,
    Resolved,
    ResolveRequest,
    ResolverError,
    Unsatisfiable,
)
from image_matrix.registry.host_log import origin
from image_matrix.registry.printed_faults import of_step
from image_matrix.temporary import temporary_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NO_SOLUTION = 1
"""uv's exit code for requirements that cannot be had together; 2 is everything else."""
SECONDS = 900
LOGIN, REFUSALS = ("401",), ("401", "403")
"""What says for certain that a login is asked for, and what may say so too: some indexes answer 403 for a package that
they do not have."""
_NOT_FOUND = re.compile(rf"(\S+) {NOT_FOUND}")


@dataclass(frozen=True, slots=True)
class PackageSite:
    """Where packages are fetched here: mirrors, certificates and logins; nothing of it gets into the lock."""

    default_index: str | None = None
    indexes: Mapping[str, str] = field(default_factory=dict)
    """Public address to mirror."""
    ca_bundle: str | None = None
    netrc: str | None = None
    netrc_name: str | None = None
    """The same file as the matrix names it."""
    trusted: tuple[str, ...] = ()
    """Hosts as in ``network.trusted_hosts``."""
    replaces_default: bool = False
    """Whether settings of uv on this machine name another default index."""

    def mirror_of(self, index: str) -> str:
        """Return the address under which a public index is found here."""
        return mirrored(index, self.indexes)

    def public(self, index: str, requested: Iterable[str]) -> str | None:
        """Return which of the requested indexes uv names; ``None`` for the default one."""
        named = index.strip().rstrip("/")
        return next((item for item in requested if self.mirror_of(item).rstrip("/") == named), None)


SETS_DEFAULT_INDEX = ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL")
"""Variables by which uv asks other indexes; docs.astral.sh/uv, "Environment variables"."""
UvRunner = Callable[[list[str], Mapping[str, str]], tuple[int, str]]
"""Runs uv with arguments and further environment variables: exit code and standard error."""


def runner() -> UvRunner:
    """Return a function that runs the uv that is installed beside this program.

    The program is looked up here and not in each run: that reads sysconfig, whose first use is not safe in threads.
    """
    import os
    import subprocess

    from uv import find_uv_bin

    program = find_uv_bin()

    def run(arguments: list[str], environment: Mapping[str, str]) -> tuple[int, str]:
        done = subprocess.run(
            [program, *arguments],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
            env={**os.environ, **environment},
        )
        return done.returncode, done.stderr

    return run


def resolve(
    request: ResolveRequest, site: PackageSite, run: UvRunner
) -> Resolved | Unsatisfiable | ResolverError:
    """Resolve a question; what is in its constraints is not part of the answer.

    An index that asks for a login is a failure even where another one has packages of the same name: uv passes over it.
    """
    answer = _resolve(request, site, run)
    return _closed(request, site, run, answer) or answer


def _closed(
    request: ResolveRequest,
    site: PackageSite,
    run: UvRunner,
    answer: Resolved | Unsatisfiable | ResolverError,
) -> ResolverError | None:
    """Return that an index asks for a login, where it may be the cause of an answer."""
    first = (_first_name(request),)
    if isinstance(answer, Resolved):
        taken = {name.partition(INDEX_MARK)[2] for name in answer.files}
        unused = [site.mirror_of(index) for index in _named(request) if index not in taken]
        return _refusal(unused, first, site, run, LOGIN)
    text = answer.explanation if isinstance(answer, Unsatisfiable) else answer.reason
    names = tuple(match[1] for match in _NOT_FOUND.finditer(text))
    if not names and status_in(text) is None:
        return None
    addresses = [site.mirror_of(index) for index in _named(request)]
    addresses += [site.default_index] if site.default_index and not request.index else []
    return _refusal(addresses, names or first, site, run, REFUSALS)


def _refusal(
    indexes: Iterable[str],
    names: tuple[str, ...],
    site: PackageSite,
    run: UvRunner,
    statuses: tuple[str, ...],
) -> ResolverError | None:
    """Ask each index alone: of several, uv does not say which one refused."""
    for index in indexes:
        status = status_in(_alone(index, names, site, run))
        if status in statuses:
            return ResolverError(f"{index} asks for a login ({status})", remedy(index, site.netrc_name))
    return None


def _alone(index: str, names: tuple[str, ...], site: PackageSite, run: UvRunner) -> str:
    """Return what uv prints when it looks for packages in one index."""
    import subprocess

    with temporary_folder() as folder:
        file = folder / "requirements.in"
        with naming(folder):
            file.write_text(_lines(names))
        call = [
            "pip",
            "compile",
            str(file),
            f"--default-index={index}",
            "--no-deps",
            "--no-config",
            "--quiet",
        ]
        try:
            return run([*call, "--no-python-downloads", "--color=never"], _surroundings(site))[1]
        except (OSError, subprocess.TimeoutExpired):
            return ""


def _named(request: ResolveRequest) -> tuple[str, ...]:
    """Return the indexes that the matrix names."""
    return (*([request.index] if request.index else []), *request.indexes)


def _first_name(request: ResolveRequest) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", request.requirements[0])
    return match[0] if match else ""


def _resolve(
    request: ResolveRequest, site: PackageSite, run: UvRunner
) -> Resolved | Unsatisfiable | ResolverError:
    answer = _compile(request, site, run, "pylock.toml")
    if not isinstance(answer, str):
        return answer
    try:
        entries = {
            f"{package['name']}=={package['version']}{_address(package)}": package
            for package in tomllib.loads(answer).get("packages", ())
        }
        packages = {name: _files(package) for name, package in entries.items()}
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        return ResolverError(f"uv's answer is not as expected: {error!r}")
    origins = _origins(request, site, run, packages)
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
        else Resolved(files, _hosts(entries, origins, site))
    )


def _origins(
    request: ResolveRequest, site: PackageSite, run: UvRunner, packages: Iterable[str]
) -> Mapping[str, str] | Unsatisfiable | ResolverError:
    """Return the index of every package that is not from the default one; uv says it in its other format only."""
    if not _named(request):
        return {}
    answer = _compile(replace(request, constraints=tuple(packages)), site, run, "requirements.txt")
    if not isinstance(answer, str):
        return answer
    index_of: dict[str, str] = {}
    package = ""
    for line in answer.splitlines():
        package = line.partition(" ")[0] if re.match(r"[A-Za-z0-9]", line) else package
        index = site.public(line.partition("# from ")[2], _named(request)) if "# from " in line else None
        if index:
            index_of[package] = index
    return index_of


def graph(request: ResolveRequest, site: PackageSite, run: UvRunner) -> Graph | Unsatisfiable | ResolverError:
    """Resolve a question to its graph."""
    answer = _compile(request, site, run, "requirements.txt")
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


def wheels(request: ResolveRequest, site: PackageSite, run: UvRunner) -> dict[str, str]:
    """Return the address of one wheel of each package that a request resolves to; none if uv fails."""
    answer = _compile(request, site, run, "pylock.toml")
    packages = tomllib.loads(answer).get("packages", ()) if isinstance(answer, str) else ()
    return {
        f"{package['name']}=={package['version']}": package["wheels"][0]["url"]
        for package in packages
        if package.get("wheels") and "url" in package["wheels"][0] and "version" in package
    }


def _requirer(annotation: str) -> str:
    return ROOT if annotation.startswith("-r") else annotation.partition("[")[0]


def _compile(
    request: ResolveRequest, site: PackageSite, run: UvRunner, form: str
) -> str | Unsatisfiable | ResolverError:
    import subprocess

    with temporary_folder() as folder:
        output = folder / form
        pinned = [constraint(item) for item in request.constraints]
        with naming(folder):
            (folder / "requirements.in").write_text(_lines(request.requirements))
            (folder / "constraints.txt").write_text(_lines(pinned))
            if request.preferred and form == "pylock.toml":
                output.write_text(_preferences(request.preferred))
        try:
            code, errors = run(_arguments(request, site, folder, output), _surroundings(site))
        except (OSError, subprocess.TimeoutExpired) as error:
            return ResolverError(f"uv cannot be run: {error}")
        if code == 0:
            return output.read_text()
    if code == NO_SOLUTION and "No solution found" in errors:
        return Unsatisfiable(_explanation(errors))
    return ResolverError(_reason(errors), of_step(errors) or "")


def _surroundings(site: PackageSite) -> dict[str, str]:
    """Return the environment variables by which uv trusts and logs in, and leaves its messages in one line."""
    import os

    known = {
        "SSL_CERT_FILE": site.ca_bundle,
        "GIT_SSL_CAINFO": site.ca_bundle,
        "GIT_TERMINAL_PROMPT": "0",
        "NETRC": site.netrc,
        "UV_INSECURE_HOST": " ".join(site.trusted),  # docs.astral.sh/uv/reference/environment
        "UV_NO_WRAP": "1",
        **git_trust(site.trusted, int(os.environ.get("GIT_CONFIG_COUNT") or 0)),
    }
    return {name: value for name, value in known.items() if value}


def _lines(items: Iterable[str]) -> str:
    return "".join(f"{item}\n" for item in items)


def _preferences(versions: Mapping[str, str]) -> str:
    entries = (
        f"[[packages]]\nname = {json.dumps(name)}\nversion = {json.dumps(version)}\n"
        for name, version in sorted(versions.items())
    )
    return f'lock-version = "1.0"\ncreated-by = "image-matrix"\n{"".join(entries)}'


def _arguments(request: ResolveRequest, site: PackageSite, folder: Path, output: Path) -> list[str]:
    import sys

    form = "pylock.toml" if output.suffix == ".toml" else "requirements.txt"
    default = site.mirror_of(request.index) if request.index else site.default_index
    indexes = [f"--default-index={default}"] if default else []
    indexes += [f"--index={site.mirror_of(index)}" for index in request.indexes]
    indexes += ["--index-strategy=unsafe-best-match"] if request.indexes else []
    upgrades = (
        ["--upgrade"]
        if request.upgraded == ALL
        else [f"--upgrade-package={name}" for name in request.upgraded]
    )
    return [
        *("pip", "compile", str(folder / "requirements.in"), f"--constraints={folder / 'constraints.txt'}"),
        *(
            f"--output-file={output}",
            f"--format={form}",
            "--annotation-style=line",
            "--no-header",
            "--emit-index-annotation",
        ),
        *(f"--python={sys.executable}", f"--python-version={request.python}", "--no-python-downloads"),
        f"--python-platform={MACHINES[request.arch]}-manylinux_{request.glibc}",
        *("--no-config", "--no-progress", "--color=never", "--no-strip-extras"),
        *indexes,
        *upgrades,
    ]


def _explanation(errors: str) -> str:
    """Return uv's message without its warnings and its line breaks."""
    kept = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("warning")]
    text = " ".join(kept).replace("error: ", "").replace("cause: ", "")
    return text.removeprefix("No solution found when resolving dependencies ").strip()


def _reason(errors: str) -> str:
    """Return what uv could not do and the innermost cause, out of its chain of causes."""
    lines = [line.strip().removeprefix("cause: ") for line in errors.splitlines() if line.strip()]
    kept = [line.removeprefix("error: ") for line in lines if not line.startswith("warning")]
    if kept and kept[0].startswith("Couldn't parse requirement"):
        # it stands in a file of ours, which is gone; its text comes behind the cause, with carets below
        cause, requirement, *_ = *kept[1:], "", ""
        return f"uv: `{requirement}` is not a valid requirement: {cause}"
    fetched = next(
        (line for line in kept if line.startswith("Failed to fetch")), kept[0] if kept else "nothing"
    )
    return f"uv: {fetched}" + (f" ({kept[-1]})" if kept and kept[-1] != fetched else "")


def _address(package: Mapping[str, Any]) -> str:
    """Return the address of a package that is not from an index, as it is written behind its version."""
    source = package.get("vcs") or package.get("archive")
    if source is None:
        return ""
    folder = f"subdirectory={source['subdirectory']}" if "subdirectory" in source else ""
    if "commit-id" in source:
        return f"{INDEX_MARK}git+{source['url']}@{source['commit-id']}{f'#{folder}' if folder else ''}"
    return f"{INDEX_MARK}{source['url']}#sha256={source['hashes']['sha256']}{f'&{folder}' if folder else ''}"


def _hosts(
    entries: Mapping[str, Mapping[str, Any]], origins: Mapping[str, str], site: PackageSite
) -> dict[str, frozenset[str]]:
    """Return indexes, each with the hosts of the files of its packages; those in the place of others are left out."""
    hosts: dict[str, frozenset[str]] = {}
    for name, package in entries.items():
        index = origins.get(name, DEFAULT_INDEX)
        is_other = site.mirror_of(index) != index if index else site.default_index or site.replaces_default
        files = (*package.get("wheels", ()), *([package["sdist"]] if "sdist" in package else []))
        others = frozenset(origin(str(file["url"])) for file in files if "://" in str(file.get("url")))
        if not is_other and not is_direct(name):
            hosts[index] = hosts.get(index, frozenset()) | others
    return hosts


def _files(package: Mapping[str, Any]) -> dict[str, str]:
    """Return the wheels that fit; where there is none, the source distribution."""
    files = package.get("wheels") or ([package["sdist"]] if "sdist" in package else [])
    hashes = {
        wheel_tag(item.get("name") or unquote(item["url"].rpartition("/")[2])): item["hashes"]["sha256"]
        for item in files
        if "sha256" in item.get("hashes", {})
    }
    return dict(sorted(hashes.items()))
