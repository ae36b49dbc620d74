"""Defines the model: the contents of a valid matrix as frozen data.

Declarations (:class:`Matrix`, :class:`Image`, …) hold what the user wrote; :class:`Variant` holds what follows for one
combination of axis values, every inherited and merged value resolved.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from image_matrix.config.catalog import Catalog
from image_matrix.config.network import Network
from image_matrix.config.platforms import Platform, architecture
from image_matrix.config.release import Release
from image_matrix.config.sites import DEFAULT_SITE
from image_matrix.config.workflow import Workflow

if TYPE_CHECKING:
    from image_matrix.config.accelerators import Accelerator
    from image_matrix.config.apt_repositories import AptRepository
    from image_matrix.config.conda_lock import CondaLock
    from image_matrix.config.dockerfile_build import DockerfileBuild
    from image_matrix.config.downloads import Download
    from image_matrix.dag import BuildOrder


def slug(image: str) -> str:
    """Return the name of an image for folders, bake targets and job ids, which have no ``.``, ``_`` and ``/`` in it."""
    return image.replace(".", "-").replace("_", "-").replace("/", "-")


LegId = tuple[str, Platform]
"""Variant id and platform."""
Manager = Literal["apt", "pip", "conda", "cran", "npm", "extensions"]
MANAGERS: tuple[Manager, ...] = ("apt", "conda", "pip", "cran", "npm", "extensions")
LOCKED_MANAGERS: tuple[Manager, ...] = ("pip", "conda")
"""Those whose packages the lock has for each platform."""
DEFAULT_CHANNELS = ("conda-forge",)
"""Where packages of conda come from if nothing says otherwise."""
Provider = Literal["distribution", "uv", "conda"]
SystemLibraries = Literal["locked", "none"]
Contract = Literal["notebook", "service", "none"]
CONTRACTS: tuple[Contract, ...] = ("notebook", "service", "none")
"""What an image promises, and ``verify`` checks; docs/verify.md has the checks of each."""
TestKind = Literal["commands", "imports", "r_packages", "files", "http"]
TEST_KINDS: tuple[TestKind, ...] = ("commands", "imports", "r_packages", "files", "http")
ImageTests = Mapping[TestKind, Mapping[str, str]]
"""What an image's ``tests:`` say: a command, module, path or HTTP path, to what is expected of it."""
AxisData = Mapping[str, Mapping[str, Mapping[str, str]]]
"""Axis to value to name to text: what every value of an axis has, for placeholders."""
Match = Mapping[str, tuple[str, ...]]
"""Axis name to the values that are accepted."""

DECLARED_IN = {
    "source": "sources",
    "bundle": "bundles",
    "accelerator": "accelerators",
    "download": "downloads",
    "axis": "axes",
    "image": "images",
    "size": "sizes",
    "profile": "profiles",
    "site": "sites",
}
"""What a name can be of, and the section that declares it."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What the template of a kind says about the images that are made with it."""

    contract: Contract | None = "notebook"
    """What they promise; ``None`` if the kind leaves that to the parent."""
    lays_out: bool = True
    """Whether it makes the notebook user, the home and ``/init`` in an image on a source."""
    ignores: frozenset[str] = frozenset()
    """Fields of an image whose values it never reads."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Fields that images, bundles, accelerators and overrides can set; ``None`` and empty mean "not said here"."""

    source: str | None = None
    kind: str | None = None
    accelerator: str | None = None
    description: str | None = None
    python_provider: Provider | None = None
    system_site_packages: bool | None = None
    accelerator_optional: bool | None = None
    index_url: str | None = None
    """The index of Python packages in place of the default one."""
    cran_snapshot: str | None = None
    """The day of CRAN in place of the one in the lock."""
    system_libraries: SystemLibraries | None = None
    """Who says what R packages need of the distribution."""
    extra_index_urls: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    """Where conda packages come from, the most important first."""
    conda_lock: CondaLock | None = None
    """What the lock file of conda says that is named, if one is."""
    apt_repositories: tuple[AptRepository, ...] = ()
    """Where apt packages come from beside the distribution."""
    apt_files: tuple[str, ...] = ()
    """Paths of Debian packages that apt installs, relative to the file that names them."""
    max_size: str | None = None
    """``8GB``, or ``none`` for no limit."""
    refresh_days: int | None = None
    """Days after which steps that nothing locks run again."""
    contract: Contract | None = None
    locale: str | None = None
    """``de_DE.UTF-8``"""
    platforms: tuple[Platform, ...] = ()
    bundles: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    packages: Mapping[Manager, tuple[str, ...]] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the image to the file or folder that is copied there, relative to the file that names it."""
    scripts: tuple[str, ...] = ()
    """Paths of what runs as root after the packages, relative to the file that names them."""
    secrets: tuple[str, ...] = ()
    """Names of variables that scripts and an own Dockerfile can read."""
    path: tuple[str, ...] = ()
    """Folders that go in front of PATH."""
    env: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    """Tags that a release moves, with placeholders."""
    repository: str | None = None
    """Below the registry path, with placeholders."""
    publish: bool | None = None
    """Whether a release publishes it."""
    context: str | None = None
    """The folder of a Dockerfile that is built as it is, relative to the file that names it."""
    dockerfile: str | None = None
    target: str | None = None
    args: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, str] = field(default_factory=dict)
    """Names in the Dockerfile, each with the image or source that replaces it."""
    provides: Mapping[str, str] = field(default_factory=dict)
    """``python``, ``r`` or a Python distribution, to the first parts of its version."""
    tests: ImageTests = field(default_factory=dict)
    taken_away: frozenset[tuple[str, ...]] = frozenset()
    """Fields, and entries of fields, that what came before is to be without: ``("env", "LANG")``."""


@dataclass(frozen=True, slots=True)
class Override:
    """Settings for the variants of an image that match."""

    match: Match
    """Axis to the values that are accepted; ``from`` to images and sources."""
    settings: Settings
    parent: str | None = None
    """The image that these variants are built FROM; a source is one of the settings."""

    @property
    def start(self) -> str | None:
        """The image or source that these variants are built FROM."""
        return self.settings.source if self.parent is None else self.parent


@dataclass(frozen=True, slots=True)
class Image:
    """An entry under ``images:``, as declared."""

    name: str
    parent: str | None
    """The image that its variants are built FROM where no override names another."""
    axes: Mapping[str, tuple[str, ...]]
    """Its axes, each with the values that it has: those of its parent are narrowed, others added."""
    axis_data: AxisData
    exclude: tuple[Match, ...]
    overrides: tuple[Override, ...]
    settings: Settings

    @property
    def start(self) -> str | None:
        """The image or source that its variants are built FROM where no override names another."""
        return self.settings.source if self.parent is None else self.parent

    @property
    def parents(self) -> tuple[str, ...]:
        """The images that its variants are built FROM."""
        named = (self.parent, *(override.parent for override in self.overrides))
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def starts(self) -> tuple[str, ...]:
        """The images and sources that its variants are built FROM."""
        named = (self.start, *(override.start for override in self.overrides))
        return tuple(dict.fromkeys(name for name in named if name is not None))


@dataclass(frozen=True, slots=True)
class Matrix:
    """A whole valid ``matrix.yaml``."""

    registry: str
    defaults: Settings
    """What every image has that does not say otherwise."""
    axes: Mapping[str, tuple[str, ...]]
    axis_data: AxisData
    sources: Mapping[str, str]
    downloads: Mapping[str, Download]
    accelerators: Mapping[str, Accelerator]
    bundles: Mapping[str, Settings]
    images: Mapping[str, Image]
    order: BuildOrder
    """Of its images."""
    apt_snapshot: bool | tuple[str, ...] = False
    """Whether apt packages come from the moment that the lock has for their source; or the sources of which they do."""
    network: Network = field(default_factory=Network)
    workflow: Workflow = field(default_factory=Workflow)
    release: Release = field(default_factory=Release)
    catalogs: Mapping[str, Catalog] = field(default_factory=lambda: {DEFAULT_SITE: Catalog()})
    """What each site offers, by its name."""
    seen_from: str | None = None
    """The site that ``catalog`` is of; ``None``: the first one."""
    provided: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Name of a source to what it provides, and to the first parts of each version."""
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    """What the templates say about their kinds."""

    @property
    def catalog(self) -> Catalog:
        """What the site offers that the matrix is seen from."""
        return self.catalogs[self.seen_from or next(iter(self.catalogs))]

    def at_sites(self) -> Iterator[Matrix]:
        """Yield the matrix as seen from each of its sites."""
        return (replace(self, seen_from=name) for name in self.catalogs)

    def asks_snapshot(self, source: str) -> bool:
        """Say whether apt packages on a source are to come from its snapshot service."""
        return self.apt_snapshot is True or (self.apt_snapshot is not False and source in self.apt_snapshot)

    def repository(self, item: Variant) -> str:
        """Return the full repository of a variant's images: ``ghcr.io/example/notebooks/base``."""
        return f"{self.registry}/{item.repository}"

    @property
    def artifact(self) -> str | None:
        """The full repository to which releases push ``deploy/``, if they do: ``ghcr.io/example/notebooks/deploy``."""
        return f"{self.registry}/{self.release.artifact}" if self.release.artifact else None


@dataclass(frozen=True, slots=True)
class Variant:
    """An image with one value for each of its axes: one Dockerfile, one family of tags."""

    image: str
    values: Mapping[str, str]
    label: str
    """What tells the variant from its siblings: ``python3.13``; also its folder and the start of its tags."""
    parent: str | None
    """Id of the variant that it is built FROM."""
    source: str | None
    """Name of the source that it starts at, where it has no parent."""
    root_source: str
    """Name of the source that its chain starts at."""
    kind: str
    accelerator: str | None
    description: str
    python_provider: Provider
    system_site_packages: bool
    extra_index_urls: tuple[str, ...]
    channels: tuple[str, ...]
    platforms: tuple[Platform, ...]
    bundles: tuple[str, ...]
    downloads: tuple[str, ...]
    packages: Mapping[Manager, tuple[str, ...]]
    """What this image adds; its ancestors' packages are theirs."""
    env: Mapping[str, str]
    """What this image sets; its ancestors' variables are inherited through FROM."""
    labels: Mapping[str, str]
    repository: str
    """Its repository below the registry path; see :meth:`Matrix.repository`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Path in the image to the file or folder that it copies there, by its path in the project."""
    scripts: tuple[str, ...] = ()
    """Paths in the project of what it runs as root after its packages."""
    apt_repositories: tuple[AptRepository, ...] = ()
    """What it adds to the repositories of apt, with the paths of keys in the project; its ancestors' stay there."""
    apt_files: tuple[str, ...] = ()
    """Paths in the project of Debian packages that apt installs."""
    index_url: str | None = None
    """The index of Python packages in place of the default one."""
    conda_lock: CondaLock | None = None
    """The lock file whose files it installs in place of what a solver would choose for its conda packages."""
    secrets: tuple[str, ...] = ()
    """Names of the secrets that its steps can read; their values are not part of its key."""
    cran_snapshot: str | None = None
    """The day of CRAN in place of the one in the lock."""
    system_libraries: SystemLibraries | None = None
    """Who says what its R packages need of the distribution; ``None``: the lock."""
    path: tuple[str, ...] = ()
    """Folders that it puts in front of PATH; its ancestors' are inherited through FROM."""
    locale: str | None = None
    """The locale that it sets, ``de_DE.UTF-8``; its ancestors' is inherited through FROM."""
    axis_data: Mapping[str, str] = field(default_factory=dict)
    """What its values have: ``r.day`` to the text."""
    publish: bool = True
    """Whether a release publishes it; otherwise it exists only for the images that are built on it."""
    tags: tuple[str, ...] = ()
    """Its moving tags, with the placeholders that only a release can fill; see :mod:`image_matrix.config.tags`."""
    max_size: str | None = None
    """The most that it may have, compressed: ``8GB``."""
    refresh_days: int | None = None
    """Days after which the lock has the steps run again that nothing locks; ``None`` if there are none, or for ever."""
    provides: Mapping[str, str] = field(default_factory=dict)
    """What this image adds, and what its source has; its ancestors' statements are inherited. Not part of its key."""
    stated_python: str | None = None
    """The version of Python that ``provides`` of it or of the nearest ancestor states, or of their source."""
    tests: ImageTests = field(default_factory=dict)
    """What this image adds; its ancestors' tests are inherited. They are not part of its key."""
    accelerator_optional: bool = False
    """Whether it runs with an accelerator and without one. It is not part of the key."""
    contract: Contract = "notebook"
    """What it promises. It is not part of its key."""
    foreign: bool = False
    """Whether user, home, entry point and Python are those of its source or of an own Dockerfile; else a kind's."""
    trigger_sources: Mapping[str, str] = field(default_factory=dict)
    """Names in ``ONBUILD`` of its parent's Dockerfile, each with the source that replaces it; in the parent's key."""
    trigger_images: Mapping[str, str] = field(default_factory=dict)
    """The same names, each with the id of the variant that replaces it."""
    build: DockerfileBuild | None = None
    """What it is built from if its Dockerfile stays as it is; then it has no kind, packages and variables."""

    @property
    def has_unlocked_steps(self) -> bool:
        """Whether it is built with steps whose results no lock can know: those of an own Dockerfile, or scripts."""
        return bool(self.scripts) or (self.build is not None and self.build.runs)

    @property
    def parents(self) -> tuple[str, ...]:
        """Ids of the variants that are built before it: its parent first, then others that its build copies from."""
        of_build = self.build.images.values() if self.build else ()
        others = (*of_build, *self.trigger_images.values())
        return tuple(dict.fromkeys((*((self.parent,) if self.parent else ()), *others)))

    @property
    def uses_project(self) -> bool:
        """Whether its Dockerfile copies, mounts or runs files of the project."""
        return bool(self.files or self.scripts or self.apt_repositories or self.apt_files)

    @property
    def used_sources(self) -> tuple[str, ...]:
        """Names of the sources that it is built from: where it starts, then others that its Dockerfile names."""
        others = self.build.sources.values() if self.build else ()
        return tuple(dict.fromkeys((*((self.source,) if self.source else ()), *others)))

    @property
    def dockerfile(self) -> str:
        """The path of its Dockerfile in the repository."""
        return self.build.dockerfile if self.build else f"{self.folder}/Dockerfile"

    @property
    def id(self) -> str:
        """``jupyter-scipy:python3.13``, as in an image reference."""
        return f"{self.image}:{self.label}"

    @property
    def folder(self) -> str:
        """The folder of its Dockerfile: ``images/jupyter-scipy/python3.13``."""
        return f"images/{slug(self.image)}/{self.label}"

    @property
    def target(self) -> str:
        """Its target in the bake file, where names have letters, digits, ``_`` and ``-`` only."""
        return f"{slug(self.image)}_{self.label.replace('.', '-')}"

    @property
    def archs(self) -> tuple[str, ...]:
        """Its architectures as TARGETARCH has them: ``amd64``, ``arm64``."""
        return tuple(architecture(platform) for platform in self.platforms)
