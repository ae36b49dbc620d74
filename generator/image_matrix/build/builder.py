"""Chooses the builder of a build, makes the one of the matrix or BUILDKIT_HOST, and asks whether it can build.

A builder of ours is in a folder of its own (BUILDX_CONFIG), so a user's list of builders stays as it is. Its name
follows from its settings: the next build uses a container or a deployment with this name again.
"""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from image_matrix.build.buildx import inspect_builder, run_buildx
from image_matrix.build.endpoint import WANTS_CERTIFICATE, TlsFiles, endpoint_fault
from image_matrix.config.network import BuilderSettings
from image_matrix.config.platforms import architecture
from image_matrix.errors import EnvironmentFailure, Failure
from image_matrix.stderr import failed
from image_matrix.temporary import write_private
from image_matrix.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from pathlib import Path

    from image_matrix.build.buildx import BuilderState, BuildxRunner, NodeState
    from image_matrix.config.network import BuilderNode, BuilderTls
    from image_matrix.config.platforms import Platform

STARTED_BY_BUILDX = ("docker-container", "kubernetes")
"""Drivers whose BuildKit gets its settings from buildx."""
OTHER_BUILDER = "name another builder: BUILDX_BUILDER=NAME, or BUILDKIT_HOST=tcp://HOST:1234"


@dataclass(frozen=True, slots=True)
class BuilderChoice:
    """The builder of a build."""

    name: str | None = None
    """``None``: the one that buildx uses by default."""
    settings: BuilderSettings | None = None
    """Of a builder that we make."""
    origin: str = ""
    """Where its settings come from, for messages."""
    toml: str = ""
    """The text of buildkitd.toml of a BuildKit that buildx starts."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that make buildx find it."""

    @property
    def options(self) -> tuple[str, ...]:
        """The options of ``docker buildx bake`` that choose it."""
        return (f"--builder={self.name}",) if self.name else ()


def choose_builder(
    option: str | None, environment: Mapping[str, str], settings: BuilderSettings | None, toml: str = ""
) -> BuilderChoice:
    """Return the first of ``--builder``, BUILDX_BUILDER, BUILDKIT_HOST, ``network.builder`` and buildx' default.

    ``toml`` is the text of buildkitd.toml for a BuildKit that buildx starts.
    """
    if option:
        return BuilderChoice(option, origin="`--builder`")
    if name := environment.get("BUILDX_BUILDER"):
        return BuilderChoice(name, origin="BUILDX_BUILDER")
    if host := environment.get("BUILDKIT_HOST"):
        return _ours(BuilderSettings("remote", endpoint=host), "BUILDKIT_HOST")
    if settings is None:
        return BuilderChoice()
    return _ours(settings, "`network.builder`", toml if settings.driver in STARTED_BY_BUILDX else "")


def _ours(settings: BuilderSettings, origin: str, toml: str = "") -> BuilderChoice:
    digest = hashlib.sha256(f"{settings!r}{toml}".encode()).hexdigest()[:8]
    return BuilderChoice(f"image-matrix-{digest}", settings, origin, toml)


def behind_proxy(settings: BuilderSettings | None, proxy: Mapping[str, str]) -> BuilderSettings | None:
    """Return the settings of a container's BuildKit with a proxy for what it pulls and pushes.

    An option of the matrix goes before. Source: docs.docker.com/build/builders/drivers/docker-container, ``env.<key>``.
    """
    if settings is None or settings.driver != "docker-container":
        return settings
    return replace(settings, options={**proxy_options(proxy), **settings.options})


def proxy_options(proxy: Mapping[str, str]) -> dict[str, str]:
    """Return the options of buildx' driver for proxy variables, in lower case alone."""
    return {f"env.{name}": value for name, value in proxy.items() if name.islower()}


def create_builder(
    choice: BuilderChoice, folder: Path, environment: Mapping[str, str], run: BuildxRunner = run_buildx
) -> BuilderChoice:
    """Make a builder of ours known to buildx in a folder, and return the choice with the variables that find it.

    Raises :class:`EnvironmentFailure` if an endpoint does not answer, a certificate is missing, or buildx refuses.
    """
    if choice.settings is None or choice.name is None:
        return choice
    tls = _tls_files(choice.settings.tls, folder, environment) if choice.settings.tls else None
    for node in choice.settings.nodes:
        if fault := endpoint_fault(node.endpoint, tls):
            raise EnvironmentFailure(f"{choice.origin}: {node.endpoint}: {fault}", _remedy(fault, choice))
    variables = {"BUILDX_CONFIG": str(folder)}
    config = _config_file(choice.toml, folder)
    for command in create_commands(choice.name, choice.settings, tls, config):
        answer = run(command, {**environment, **variables})
        if answer.returncode:
            raise EnvironmentFailure(
                failed(f"{choice.origin}: buildx refuses it", answer.stderr), "correct its settings"
            )
    return replace(choice, variables=variables)


def _config_file(toml: str, folder: Path) -> Path | None:
    if not toml:
        return None
    path = folder / "buildkitd.toml"
    write_private(path, toml)
    return path


def _remedy(fault: str, choice: BuilderChoice) -> str:
    if "certificate is not valid" in fault and choice.settings and choice.settings.tls:
        return f"{choice.settings.tls.ca} must have the certificate of the authority that signed it"
    if fault == WANTS_CERTIFICATE:
        return "set `cert` and `key` in `network.builder.tls`, the names of variables that have them"
    if "TLS" in fault:
        return "set `network.builder.tls`, with the names of the variables that have its certificates"
    return "check the address and the network; it is `tcp://HOST:1234` of a buildkitd"


def _tls_files(tls: BuilderTls, folder: Path, environment: Mapping[str, str]) -> TlsFiles:
    """Write the certificates, which are variables, to files that nobody else can read."""
    names = dict.fromkeys(
        filter(None, (tls.ca, tls.cert, tls.key))
    )  # a certificate and its key may be one text
    files = {name: _tls_file(name, folder, environment) for name in names}
    return TlsFiles(files[tls.ca], files.get(tls.cert or ""), files.get(tls.key or ""))


def _tls_file(name: str, folder: Path, environment: Mapping[str, str]) -> Path:
    text = environment.get(name)
    if not text:
        raise EnvironmentFailure(
            f"`network.builder.tls`: the variable {name} is missing",
            f"set the environment variable {name} to the PEM text; in the workflow, add a secret {name}",
        )
    path = folder / f"{name}.pem"
    write_private(path, text)
    return path


def create_commands(
    name: str, settings: BuilderSettings, tls: TlsFiles | None, config: Path | None = None
) -> list[list[str]]:
    """Return the commands that make a builder: one for each node. ``config`` is a buildkitd.toml.

    Source: docs.docker.com/reference/cli/docker/buildx/create, docs.docker.com/build/builders/drivers.
    """
    nodes = settings.nodes
    return [
        [
            *("docker", "buildx", "create", f"--name={name}", f"--driver={settings.driver}"),
            *(("--append",) if number else ()),
            *((f"--node={name}-{architecture(node.platforms[0])}",) if len(nodes) > 1 else ()),
            *((f"--platform={','.join(node.platforms)}",) if node.platforms else ()),
            *(f"--driver-opt={quoted_option(option)}" for option in _driver_options(node, settings, tls)),
            # every buildx has this name; from 0.15 on, it is the short form of --buildkitd-config
            *((f"--config={config}",) if config else ()),
            *((node.endpoint,) if node.endpoint else ()),
        ]
        for number, node in enumerate(nodes)
    ]


def _driver_options(node: BuilderNode, settings: BuilderSettings, tls: TlsFiles | None) -> list[str]:
    options = dict(settings.options)
    if settings.driver == "kubernetes" and node.platforms:
        selector = f"kubernetes.io/arch={architecture(node.platforms[0])}"
        options["nodeselector"] = ",".join(filter(None, (options.get("nodeselector"), selector)))
    if tls:
        files = {"cacert": tls.ca, "cert": tls.cert, "key": tls.key}
        options |= {part: str(file) for part, file in files.items() if file}
    return [f"{name}={value}" for name, value in options.items()]


def quoted_option(option: str) -> str:
    """Return an option as a field of CSV, which buildx reads: a value may have commas."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([option])
    return line.getvalue()


def check_builder(
    choice: BuilderChoice,
    environment: Mapping[str, str],
    platforms: Collection[Platform],
    fault_of: Callable[[str], str | None] = endpoint_fault,
) -> None:
    """Raise if a builder does not answer (:class:`EnvironmentFailure`) or lacks a platform (:class:`Failure`).

    ``platforms`` are those whose builds run steps. A builder that is not started yet is started by the build.
    """
    state = inspect_builder(choice.name, {**environment, **choice.variables})
    error = next(filter(None, (state.error, *(node.error for node in state.nodes))), None)
    if error:
        raise EnvironmentFailure(
            failed(f"the builder {state.name} does not answer", error), f"start it, or {OTHER_BUILDER}"
        )
    if state.driver == "remote" and not choice.settings:
        _check_endpoints(state, fault_of)
    _check_platforms(state, platforms)


def _check_endpoints(state: BuilderState, fault_of: Callable[[str], str | None]) -> None:
    """Raise for a remote node that does not answer: buildx waits 20 seconds, and does not say why."""
    for node in _not_running(state.nodes):
        fault = fault_of(node.endpoint) or "it does not answer as BuildKit"
        raise EnvironmentFailure(
            f"the builder {state.name} does not answer: {node.endpoint}: {fault}",
            f"check the address and its certificates, or {OTHER_BUILDER}",
        )


def _not_running(nodes: Iterable[NodeState]) -> list[NodeState]:
    return [node for node in nodes if node.status != "running"]


def _check_platforms(state: BuilderState, platforms: Collection[Platform]) -> None:
    available = {platform for node in state.nodes for platform in node.platforms}
    missing = sorted(set(platforms) - available)
    if missing and available and not _not_running(state.nodes):
        raise Failure(
            f"the builder {state.name} does not build for {listed(missing, 5)}",
            f"build for its platforms alone: `--platform {_first_plain(available)}`; add a node for {missing[0]}; "
            "or install an emulator: `docker run --privileged --rm tonistiigi/binfmt --install all`",
        )


def _first_plain(platforms: Iterable[str]) -> str:
    """Return a platform without a variant."""
    return min(platforms, key=lambda name: (name.count("/"), name), default="linux/amd64")
