"""Renders the Dockerfile of a variant and the files of its build context."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from image_matrix.config.checksums import ALGORITHMS, algorithm
from image_matrix.config.conda import MICROMAMBA, conda_packages, needs_micromamba, python_prefix
from image_matrix.config.extensions import extension_address
from image_matrix.config.layer_order import NO_KIND
from image_matrix.config.lineage import ancestors
from image_matrix.config.locales import is_new
from image_matrix.config.model import MANAGERS
from image_matrix.config.package_names import package_name
from image_matrix.config.per_platform import ARCH, MACHINE
from image_matrix.config.platforms import MACHINES
from image_matrix.dockerfiles.users import last_user
from image_matrix.lock.pins import ExtensionPins
from image_matrix.lock.requirements import git_entries
from image_matrix.output_tree.files import File
from image_matrix.render.blocks import (
    refuse_idle_blocks,
    refuse_no_image,
    refuse_other_base,
    refuse_unknown_contract,
)
from image_matrix.render.rootfs import PROJECT, context_name, copied_kinds, kinds_with_files
from image_matrix.render.templates import environment, get_template, render, template_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from image_matrix.config.dockerfile_build import ContextFiles
    from image_matrix.config.loaded import Loaded
    from image_matrix.config.model import Matrix, Variant
    from image_matrix.lock.pins import Pins
    from image_matrix.render.templates import Templates

FLOATING = ExtensionPins({}, ("",))
"""Of a variant whose extensions are not locked."""
PARENT_HOST = "parent.invalid"
"""A host that never resolves (RFC 2606): without the named context, a build fails instead of pulling another image."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One file to fetch: for each architecture its address and, where known, its checksum."""

    name: str
    version: str
    addresses: Mapping[str, tuple[str, str | None]]
    to: str | None = None
    unpack: str | None = None
    strip: int = 0
    deb: bool = False
    executable: bool = True

    @property
    def checksums(self) -> dict[str, bool]:
        """The algorithms of the known checksums, and whether every architecture has a checksum of this kind."""
        used = [algorithm(checksum) for _, checksum in self.addresses.values() if checksum]
        return {name: used.count(name) == len(self.addresses) for name in ALGORITHMS.values() if name in used}

    @property
    def by_arch(self) -> dict[str, dict[str, str]]:
        """The values of the step for each architecture: ``url``, and each of ``checksums``, empty if it has none.

        A brace of an address is written as RFC 3986 has it: curl takes braces for a set of addresses (curl(1), "URL").
        """
        return {
            arch: {
                "url": address.replace("{", "%7B").replace("}", "%7D"),
                **{
                    name: checksum if checksum and algorithm(checksum) == name else ""
                    for name in self.checksums
                },
            }
            for arch, (address, checksum) in self.addresses.items()
        }

    @property
    def zipped(self) -> bool:
        """Whether the archive is a zip file, by its address."""
        return all(address.endswith(".zip") for address, _ in self.addresses.values())


@dataclass(frozen=True, slots=True)
class Context:
    """The inputs of all Dockerfiles, shared by all variants."""

    matrix: Matrix
    variants: Mapping[str, Variant]
    pins: Pins
    templates: Templates
    environment: Environment
    with_files: frozenset[str]
    """Kinds with files to copy."""
    context_files: Mapping[str, ContextFiles]
    """Id of a variant to the files that it is built from, if it is built from its own Dockerfile."""


def context(loaded: Loaded, pins: Pins, templates: Templates) -> Context:
    """Prepare the environment that renders all Dockerfiles of a run.

    Raises :class:`MatrixError` if the template of a kind has a block that Jinja would ignore.
    """
    jinja = environment(templates.dockerfiles, templates.compiled)
    for name in sorted({template_of(item) for item in loaded.variants.values() if item.build is None}):
        refuse_idle_blocks(jinja, templates.dockerfiles, name)
        refuse_unknown_contract(jinja, templates.dockerfiles, name)
        refuse_other_base(jinja, templates.dockerfiles, name)
    return Context(
        loaded.matrix,
        loaded.variants,
        pins,
        templates,
        jinja,
        kinds_with_files(templates),
        loaded.context_files,
    )


def parent_reference(parent: str) -> str:
    """Return the name by which a Dockerfile calls its parent: ``parent.invalid/base:python3.13``."""
    return f"{PARENT_HOST}/{parent}"


def build_context(shared: Context, variant: Variant) -> dict[str, File]:
    """Return the files of a variant's folder, by path below it; ``Dockerfile`` is one of them."""
    files: dict[str, File] = {}
    hashed, git = _requirements(shared.pins, variant)
    for folder, locked in (
        ("requirements", hashed),
        ("requirements/git", git),
        ("conda", shared.pins.explicit.get(variant.id, {})),
    ):
        files |= {
            f"{folder}/{arch}.txt": File(text.encode())
            for arch, text in locked.items()
            if arch in variant.archs
        }
    return {"Dockerfile": File(dockerfile(shared, variant).encode()), **files}


def _requirements(pins: Pins, variant: Variant) -> tuple[dict[str, str], dict[str, str]]:
    """Return the requirements files with hashes, and those with packages from git, if there are any."""
    parts = {arch: git_entries(text) for arch, text in pins.requirements.get(variant.id, {}).items()}
    git = {arch: below for arch, (_, below) in parts.items()}
    return {arch: hashed for arch, (hashed, _) in parts.items()}, git if any(git.values()) else {}


def _uses_git(pins: Pins, variant: Variant) -> bool:
    """Say whether pip fetches from git: what the lock has, or else what the matrix lists."""
    if variant.id in pins.requirements:
        return bool(_requirements(pins, variant)[1])
    return any("git+" in item for item in variant.packages.get("pip", ()))


def dockerfile(shared: Context, variant: Variant) -> str:
    """Render the Dockerfile of a variant."""
    template = get_template(shared.environment, template_of(variant))
    pins = shared.pins
    text = render(
        template,
        frontend=pins.pinned(shared.matrix.network.frontend),
        parent=parent_reference(variant.parent) if variant.parent else None,
        source=pins.pinned(shared.matrix.sources[variant.source]) if variant.source else None,
        root=variant.parent is None,
        variant=variant,
        python=variant.values.get("python"),
        python_prefix=python_prefix(variant),
        packages=_packages(variant),
        locked_pip=variant.id in pins.requirements,
        pip_uses_git=_uses_git(pins, variant),
        locked_conda=variant.id in pins.explicit,
        uv={} if variant.foreign else _bootstrap(shared.variants, variant, pins),
        downloads=[_download(shared, name, variant) for name in variant.downloads],
        micromamba=_download(shared, MICROMAMBA, variant) if needs_micromamba(variant) else None,
        conda_is_new=not any(needs_micromamba(above) for above in ancestors(shared.variants, variant)),
        extensions=_extensions(shared, variant),
        locked_extensions=not pins.extensions.get(variant.id, FLOATING).floating,
        apt_snapshot=pins.apt_snapshots.get(variant.root_source),
        refreshed=pins.refreshed.get(variant.id),
        apt_moment=pins.apt_moments.get(variant.root_source),
        cran_snapshot=variant.cran_snapshot or pins.cran_snapshot or "latest",
        cran_libraries=_system_libraries(pins, variant),
        cran_uses_remotes=any(re.search("[@:]", item) for item in variant.packages.get("cran", ())),
        cran_names=[package_name("cran", item) for item in variant.packages.get("cran", ())],
        rootfs=[context_name(kind) for kind in copied_kinds(variant, shared.with_files)],
        project=PROJECT,
        machines=_machines(variant),
        locale_is_new=is_new(shared.variants, shared.matrix.kinds, variant),
        differs=any(mark in value for value in variant.env.values() for mark in (ARCH, MACHINE)),
        labels=_labels(shared, variant),
        user=user_of(shared, variant) if variant.foreign and variant.kind == NO_KIND else None,
        apt_names=[package_name("apt", item) for item in variant.packages.get("apt", ())],
        pip_names=[package_name("pip", item) for item in variant.packages.get("pip", ())],
    )
    refuse_no_image(shared.environment, template_of(variant), text)
    return re.sub(r"\n{3,}", "\n\n", text)  # steps end with an empty line each, and so do blocks


def user_of(shared: Context, variant: Variant) -> str | None:
    """Return the user that an image on somebody else's runs as, or ``None`` if nothing here says it.

    Empty is root, as in the configuration of an image.
    """
    text = _dockerfile_text(shared, variant)
    build = variant.build
    user = (
        last_user(text, build.args if build else {}, build.target if build else None)
        if text is not None
        else None
    )
    if user is not None:
        return user or None
    if variant.parent:
        return user_of(shared, shared.variants[variant.parent])
    return shared.pins.users.get(shared.matrix.sources[variant.source or ""])


def _dockerfile_text(shared: Context, variant: Variant) -> str | None:
    """Return the Dockerfile of a variant that has one of its own, or one of its kind's template."""
    if variant.build:
        files = shared.context_files.get(variant.id)
        return files.dockerfile.decode("utf-8", "replace") if files else None
    return dockerfile(shared, variant) if variant.kind != NO_KIND else None


def _packages(variant: Variant) -> dict[str, tuple[str, ...]]:
    """Return the list of each package manager, including what makes a Python of conda."""
    listed: dict[str, tuple[str, ...]] = {name: variant.packages.get(name, ()) for name in MANAGERS}
    return listed | {"conda": conda_packages(variant)}


def _system_libraries(pins: Pins, variant: Variant) -> tuple[str, ...]:
    """Return the Debian packages that the lock adds for R packages."""
    locked = pins.system_libraries.get(variant.id)
    return tuple(sorted(locked.packages)) if locked else ()


def _bootstrap(variants: Mapping[str, Variant], variant: Variant, pins: Pins) -> dict[str, dict[str, str]]:
    """Return, by architecture, the ``requirement`` of uv for the first image of a chain that lists it."""
    listed = _uv_of(variant)
    if not listed or any(_uv_of(above) for above in ancestors(variants, variant)):
        return {}
    locked = pins.requirements.get(variant.id, {})
    return {
        arch: {"requirement": _one_requirement(locked.get(arch, ""), "uv") or listed[0]}
        for arch in variant.archs
    }


def _uv_of(variant: Variant) -> list[str]:
    return [item for item in variant.packages.get("pip", ()) if package_name("pip", item) == "uv"]


def _one_requirement(text: str, name: str) -> str:
    """Return the entry of one package in a requirements file as one line, with its hashes."""
    lines = text.replace("\\\n", " ").splitlines()
    return next((" ".join(line.split()) for line in lines if line.split("==")[0].strip() == name), "")


def _download(shared: Context, name: str, variant: Variant) -> Fetch:
    item = shared.matrix.downloads[name]
    addresses = {}
    for arch in variant.archs:
        address = item.address(arch)
        addresses[arch] = (address, item.checksum(arch) or shared.pins.checksums.get(address))
    return Fetch(name, item.version, addresses, item.to, item.unpack, item.strip, item.deb, item.executable)


def _extensions(shared: Context, variant: Variant) -> list[Fetch]:
    """Return the extensions that a variant lists, and the members of packs that the lock has beside them."""
    listed = variant.packages.get("extensions", ())
    locked = shared.pins.extensions.get(variant.id, FLOATING).files
    return [
        _extension(shared, item, locked.get(item) or dict.fromkeys(variant.archs, extension_address(item)))
        for item in dict.fromkeys((*listed, *locked))
    ]


def _extension(shared: Context, item: str, addresses: Mapping[str, str]) -> Fetch:
    name, _, version = item.partition("@")
    checksums = shared.pins.checksums
    return Fetch(name, version, {arch: (url, checksums.get(url)) for arch, url in addresses.items()})


def _machines(variant: Variant) -> list[tuple[str, str]]:
    """Return the architectures that ``uname -m`` calls otherwise, with that name, if a variable has ``{machine}``.

    Each is replaced in turn in the value of TARGETARCH, so ``arm64`` comes before ``arm``, which is a part of it.
    """
    if not any(MACHINE in value for value in variant.env.values()):
        return []
    return [(arch, MACHINES[arch]) for arch in ("arm64", "arm", "amd64", "386") if arch in variant.archs]


def _labels(shared: Context, variant: Variant) -> dict[str, str]:
    """OCI labels that do not move with time, commit or registry (opencontainers/image-spec, annotations.md)."""
    labels = {"org.opencontainers.image.title": variant.image}
    if variant.description:
        labels["org.opencontainers.image.description"] = variant.description
    if variant.source:
        labels["org.opencontainers.image.base.name"] = shared.matrix.sources[variant.source]
    return dict(sorted({**labels, **variant.labels}.items()))
