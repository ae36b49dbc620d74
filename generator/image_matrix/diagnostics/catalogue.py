"""Every diagnostic: its code, its words and its documentation, in one place.

Codes are stable and never used again for something else. IM0xx: the file as YAML; IM1xx: its shape; IM2xx: names that
point somewhere; IM3xx: variants and platforms; IM4xx: names and packages; IM5xx: templates and the generated tree; IM6xx:
the lock; IM7xx: profiles; IM8xx: the generated workflow.
"""

from __future__ import annotations

from image_matrix.diagnostics import Rule

YAML_SYNTAX = Rule(
    "IM001", "yaml-syntax", "{problem}", "{advice}",
    "The file is not YAML. The place is that of a common mistake (no space behind a colon, a tab, a quote too many) if correcting it "
    "helps, else the place where the parser gives up: the mistake may be on a line before it.",
    bad="images:\n  base: {from: debian\n", good="images:\n  base: {from: debian}\n",
)  # fmt: skip
DUPLICATE_KEY = Rule(
    "IM002", "duplicate-key", "`{key}` stands twice in the same mapping", "{advice}",
    "YAML forbids a key twice; parsers that accept it silently keep the last one, and the first is lost.",
    bad="images:\n  base: {from: debian}\n  base: {from: ubuntu}\n", good="images:\n  base: {from: debian}\n",
)  # fmt: skip
TOO_LARGE = Rule(
    "IM003", "too-large", "the file is refused: {problem}", "{advice}",
    "Files over 16 MB, nesting deeper than 100 levels and aliases that expand to more than 1,000,000 values are refused "
    "before they cost time and memory.",
)  # fmt: skip
UNREADABLE = Rule(
    "IM004", "unreadable", "cannot read {file}: {problem}", "{advice}",
    "The file is not there, is not allowed to be read, or is not UTF-8 text.",
)  # fmt: skip
FOREIGN_TAG = Rule(
    "IM005", "foreign-tag", "the tag `{tag}` is not allowed", "remove the tag: values are strings, numbers, booleans, lists and mappings",
    "YAML tags can make objects of other types; the matrix is plain data.",
    bad="registry: !!binary aGVsbG8=\n", good="registry: ghcr.io/example\n",
)  # fmt: skip
DECLARED_TWICE = Rule(
    "IM006", "declared-twice", "{where} is in two files", "{advice}",
    "An included file adds names, and each name is in one file: the result must not depend on the order in which the files "
    "are read. What changes a matrix is an overlay (`--overlay FILE`).",
)  # fmt: skip
BAD_INCLUDE = Rule(
    "IM007", "bad-include", "cannot include `{pattern}`: {problem}", "{advice}",
    "`include` lists files of the project, as paths or patterns that are relative to the file that names them. `*` stands for any "
    "part of a name. Files cannot include each other.",
    bad="include: [/etc/images.yaml]\n", good="include: [images/*.yaml]\n",
)  # fmt: skip

UNKNOWN_KEY = Rule(
    "IM101", "unknown-key", "unknown key `{key}` in {where}", "{suggestion}",
    "A misspelt key would be ignored by a tool that is not strict, and the image would be built without it.",
    bad="images:\n  base: {form: debian}\n", good="images:\n  base: {from: debian}\n",
)  # fmt: skip
WRONG_TYPE = Rule(
    "IM102", "wrong-type", "{where} must be {expected}, not {actual}", "{advice}",
    "The value has another type than the field.",
    bad="images:\n  base: {from: debian, apt: curl}\n", good="images:\n  base: {from: debian, apt: [curl]}\n",
)  # fmt: skip
UNQUOTED_NUMBER = Rule(
    "IM103", "unquoted-number", "{where}: YAML reads {written} as the number {value}, not as text",
    'quote it: "{written}"',
    "To YAML an unquoted `3.10` is the number 3.1: the version changes without a word. Quote every version.",
    bad="axes:\n  python: [3.10]\n", good='axes:\n  python: ["3.10"]\n',
)  # fmt: skip
MISSING_FIELD = Rule(
    "IM104", "missing-field", "{where} has no `{field}`", "{advice}",
    "A field that cannot be inferred is missing.",
    bad="version: 1\nimages: {}\n", good="version: 1\nregistry: ghcr.io/example/notebooks\nimages: {}\n",
)  # fmt: skip
BAD_VALUE = Rule(
    "IM105", "bad-value", "{where}: {problem}", "{advice}",
    "The value is of the right type, but the place cannot hold it. `image-matrix schema` prints what every field takes.",
    bad="version: 2\n", good="version: 1\n",
)  # fmt: skip
BAD_NAME = Rule(
    "IM106", "bad-name", "`{name}` is not a valid name of {what}", "{advice}",
    "Names become parts of image references, file paths, job ids and Kubernetes names: lower-case letters, digits and "
    "single hyphens, starting with a letter, at most 63 characters.",
    bad="images:\n  Jupyter_Lab: {from: base}\n", good="images:\n  jupyter-lab: {from: base}\n",
)  # fmt: skip
PASSWORD_IN_ADDRESS = Rule(
    "IM107", "password-in-address", "{where}: the address has a user or a password in it, which everyone could read", "{advice}",
    "matrix.yaml and the Dockerfiles are committed, and Dockerfiles are part of images' history. A password that was committed is to be "
    "changed. Logins of package indexes, mirrors and downloads are in the file that `network.netrc` names, in an overlay that is not committed; "
    "those of registries come from `docker login`.",
    bad='jupyter: {from: base, pip: {extra_index_urls: ["https://user:password@packages.example.org/simple"]}}\n',
    good='jupyter: {from: base, pip: {extra_index_urls: ["https://packages.example.org/simple"]}}\n',
)  # fmt: skip
NOT_EXPANDED = Rule(
    "IM108", "not-expanded", "{where}: `{reference}` would stay as it is, and nothing be found there", "{advice}",
    "Values of `env` are literal, in images and in pods. A variable that shall keep what it had, such as PATH, is written out. A single "
    "program needs no PATH: `to: /usr/local/bin/NAME` puts a download where every PATH looks.",
    bad='env: {PATH: "$PATH:/opt/tool/bin"}\n',
    good="env: {PATH: /opt/venv/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/tool/bin}\n",
)  # fmt: skip
REMOVES_NOTHING = Rule(
    "IM109", "removes-nothing", "{where} is not there to be removed", "{suggestion}",
    "An empty value in an overlay removes what the matrix has under that name. A field may be missing there already; a name that the "
    "matrix does not have is misspelt, and what was meant would stay. In an image, `null` takes away what defaults, bundles, the "
    "accelerator or the image itself set before; a variable of the parent's image can only be emptied.",
)  # fmt: skip

UNKNOWN_PARENT = Rule(
    "IM201", "unknown-from", "image `{image}` is built from `{name}`, which is neither an image nor a source", "{suggestion}",
    "`from` names an image of this matrix, or an image from outside under its name in `sources:`.",
    bad="images:\n  jupyter: {from: bsae}\n", good="images:\n  jupyter: {from: base}\n",
)  # fmt: skip
UNKNOWN_REFERENCE = Rule(
    "IM202", "unknown-reference", "{where} names an unknown {what} `{name}`", "{suggestion}",
    "Sources, bundles, axes, accelerators and downloads are declared once, at the top of the matrix, and used by name.",
    bad="images:\n  scipy: {from: base, bundles: [ful]}\n", good="images:\n  scipy: {from: base, bundles: [full]}\n",
)  # fmt: skip
UNKNOWN_KIND = Rule(
    "IM203", "unknown-kind", "image `{image}` has an unknown kind `{name}`", "{suggestion}",
    "`kind: NAME` needs the file templates/dockerfiles/NAME.Dockerfile.j2. An image that only adds packages needs no kind.",
)  # fmt: skip
CYCLE = Rule(
    "IM204", "cycle", "images are built from each other: {cycle}", "give one of them a source: `from: SOURCE`",
    "Parents must form a tree; a cycle could never be built.",
    bad="images:\n  a: {from: b}\n  b: {from: a}\n", good="images:\n  a: {from: debian}\n  b: {from: a}\n",
)  # fmt: skip
NO_FROM = Rule(
    "IM205", "no-from", "image `{image}` {problem}", "{advice}",
    "An image is built from exactly one thing, which `from` names: an image of this matrix, or one of `sources:`.",
    bad="images:\n  jupyter: {apt: [git]}\n", good="images:\n  jupyter: {from: base, apt: [git]}\n",
)  # fmt: skip
UNUSED = Rule(
    "IM206", "unused", "{what} `{name}` is not used by any image", "use it or remove it",
    "Nothing refers to it; often the name is misspelt where it should be used. Where a name of its kind is unknown, that is reported alone.",
    severity="warning",
)  # fmt: skip
UNKNOWN_PLACEHOLDER = Rule(
    "IM207", "unknown-placeholder", "{where}: nothing is put in for `{placeholder}`", "{advice}",
    "A misspelt placeholder would go into a Dockerfile as it is. Texts of images take `{image}`, `{from}` and axes with their parts (`{python.minor}`); "
    "a download's address takes `{version}` with its parts, `{arch}` and `{machine}`; an accelerator `{version}` besides. `{{` and `}}` are braces.",
    bad='kubectl: {version: "1.37.0", url: "https://dl.k8s.io/v{version}/{archh}/kubectl", to: /usr/local/bin/kubectl}\n',
    good='kubectl: {version: "1.37.0", url: "https://dl.k8s.io/v{version}/{arch}/kubectl", to: /usr/local/bin/kubectl}\n',
)  # fmt: skip
EMPTY_VARIANTS = Rule(
    "IM301", "empty-variants", "image `{image}` has no variant left", "{advice}",
    "`axes` and `exclude` together leave no combination of axis values, so there would be nothing to build.",
    bad='images:\n  a: {from: debian, axes: {python: ["3.13"]}, exclude: [{python: "3.13"}]}\n',
    good='images:\n  a: {from: debian, axes: {python: ["3.13"]}}\n',
)  # fmt: skip
NO_PARENT_VARIANT = Rule(
    "IM302", "no-parent-variant", "`{image}` wants {axis} {value}, but its parent `{parent}` has no such variant",
    "{advice}",
    "Every variant of a child is built on the parent's variant with the same axis values.",
)  # fmt: skip
UNKNOWN_AXIS_VALUE = Rule(
    "IM303", "unknown-axis-value", "{where}: axis `{axis}` has no value `{value}`", "{suggestion}",
    "`exclude` and `match` compare with the values that the axis has.",
    bad='axes: {python: ["3.13"]}\n# match: {python: "3.12"}\n', good='axes: {python: ["3.13", "3.12"]}\n',
)  # fmt: skip
AXIS_NOT_IN_IMAGE = Rule(
    "IM304", "axis-not-here", "{where}: image `{image}` has no axis `{axis}`", "{suggestion}",
    "An image has the axes of its ancestors and its own `axes:`.",
)  # fmt: skip
SAME_TAG = Rule(
    "IM305", "same-tag", "{first} and {second} would both be {what} `{name}`", "rename one of them",
    "Two things with one name would overwrite each other: tags in the registry, folders on disk, targets and jobs in the workflow.",
)  # fmt: skip
PLATFORM_NOT_IN_PARENT = Rule(
    "IM306", "platform-not-in-parent", "`{image}` is to be built for {platform}, but its parent `{parent}` is not",
    "{advice}",
    "A child's platforms are a subset of its parent's: there is nothing to build FROM elsewhere.",
)  # fmt: skip
NO_PLATFORM = Rule(
    "IM307", "no-platform", "image `{image}` has no platform left", "{advice}",
    "The platforms of the parent, the accelerator and the image have none in common.",
)  # fmt: skip
OTHER_PYTHON = Rule(
    "IM309", "other-python", "variant `{variant}` starts at `{source}`, whose Python is {python}",
    "give it a source with Python {wanted} (`from` in an override for `python: \"{wanted}\"`), or `python_provider: uv` with uv in `pip`, which installs that",
    "With the provider `distribution` an image has the Python of the distribution that it starts at; the axis only says which one that "
    "is. A variant that says something else would have another Python than its tag, and the packages of its lock would not fit.",
    severity="warning",
    bad="images:\n  base: {from: debian-trixie, axes: {python: [\"3.11\"]}}\n",
    good="images:\n  base: {from: debian-bookworm, axes: {python: [\"3.11\"]}}\n",
)  # fmt: skip
NO_PYTHON = Rule(
    "IM310", "no-python", "{where}: `{value}` is no version of Python 3", "{advice}",
    "A value of the axis `python` is the version that `provider: uv` and `conda` install, and that the lock resolves packages for.",
    bad='axes: {python: ["313"]}\n', good='axes: {python: ["3.13"]}\n',
)  # fmt: skip
PROVIDER_NEEDS = Rule(
    "IM311", "provider-needs", "image `{image}` takes Python from {provider}, but {problem}", "{advice}",
    "`python: {provider: uv}` installs the Python that the axis `python` names with the uv of the image's `pip` list; `conda` with the "
    "download `micromamba`.",
    bad="images:\n  base: {from: debian, kind: base, python_provider: uv}\n",
    good='images:\n  base: {from: debian, kind: base, axes: {python: ["3.14"]}, python_provider: uv, pip: [uv==0.13.8]}\n',
)  # fmt: skip

BAD_PACKAGE = Rule(
    "IM401", "bad-package", "`{value}` is not a valid {what}", "{advice}",
    "A list holds package names, with a version where the manager has them; never options, addresses or shell text.",
    bad='pip: ["--index-url=https://example.org scipy"]\n', good="pip: [scipy==1.17.1]\n",
)  # fmt: skip
BAD_REFERENCE = Rule(
    "IM402", "bad-reference", "`{value}` is not a valid {what}", "{advice}",
    "Image references are lower-case: registry.example.org/path/name, with a tag where the field asks for one.",
    bad="registry: GHCR.io/Example\n", good="registry: ghcr.io/example\n",
)  # fmt: skip
PACKAGE_TWICE = Rule(
    "IM403", "package-twice", "`{name}` stands twice in this {manager} list", "keep one of them",
    "The same package twice in one list is a left-over; with two versions nobody can tell which one is meant.",
)  # fmt: skip
NO_INSTALLER = Rule(
    "IM404", "no-installer", "image `{image}` lists {manager} packages, but {problem}", "{advice}",
    "A package manager must be in the image before packages can be installed with it. Python packages are installed by uv: the first "
    "image of a chain that lists uv has it before everything else. Kinds that install Python packages in their own way are left out.",
    bad="images:\n  base: {from: debian}\n  lab: {parent: base, pip: [jupyterlab==4.6.6]}\n",
    good="images:\n  base: {from: debian, pip: [uv==0.13.8]}\n  lab: {parent: base, pip: [jupyterlab==4.6.6]}\n",
)  # fmt: skip
UNPINNED = Rule(
    "IM405", "unpinned", "the extension `{value}` has no version", "write `{value}@VERSION`",
    "An extension without a version would be another one with each build.",
)  # fmt: skip
SAME_PLACE = Rule(
    "IM406", "same-place", "image `{image}` has {first} and {second} both at {path}", "give one of the two another `to`, or remove it here",
    "The second file would overwrite the first, and nothing would say so.",
    bad="downloads:\n  kubectl: {to: /usr/local/bin/kubectl, …}\n  old-kubectl: {to: /usr/local/bin/kubectl, …}\n",
    good="downloads:\n  kubectl: {to: /usr/local/bin/kubectl, …}\n  old-kubectl: {to: /usr/local/bin/kubectl-1.36, …}\n",
)  # fmt: skip
REPLACED_FILE = Rule(
    "IM407", "replaced-file", "image `{image}` puts {second} to {path}, where its ancestor `{parent}` has {first}",
    "remove it here, or from `{parent}`, or give it another `to`",
    "The file of the ancestor is overwritten in this image and its children, and still takes its space below.",
    severity="warning",
)  # fmt: skip
BUNDLES_DISAGREE = Rule(
    "IM408", "bundles-disagree", "{where} has `{first}` of the bundle `{first_bundle}` and `{second}` of `{second_bundle}`",
    "write what you mean into `{field}` beside `bundles`: it wins over both",
    "What is said last of a package counts. Of two bundles the second would win without a word, and the first line would mean nothing.",
    bad="bundles:\n  new: {pip: [pandas==3.1.1]}\n  old: {pip: [pandas==2.2.0]}\nimages:\n  jupyter: {parent: base, bundles: [new, old]}\n",
    good="images:\n  jupyter: {parent: base, bundles: [new, old], pip: [pandas==3.1.1]}\n",
)  # fmt: skip
ONE_MACHINE = Rule(
    "IM409", "one-machine", "download `{name}` has one address for {archs}, and the address names {machine}",
    "write `{{arch}}` or `{{machine}}` instead of it, or write `platforms: [linux/{arch}]` for the images that list the download",
    "A file whose address names one architecture does not run on another.",
    severity="warning",
    bad='defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\ndownloads:\n  tool: {version: "1", url: "https://example.org/tool-amd64", to: /usr/local/bin/tool}\n',
    good='defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\ndownloads:\n  tool: {version: "1", url: "https://example.org/tool-{arch}", to: /usr/local/bin/tool}\n',
)  # fmt: skip

TEMPLATE_ERROR = Rule(
    "IM501", "template-error", "{problem}", "{advice}",
    "A template cannot be rendered. Undefined names are errors, and a value must pass a filter that quotes it for its place: `sh` (a word "
    "of a shell command), `env` (a value of ENV, LABEL or ARG), `word` (a reference, name or version), `comment`, `json`. Templates of "
    "Dockerfiles have the names `variant`, `parent`, `source`, `root`, `frontend`, `python`, `packages`, `downloads`, `extensions`, "
    "`micromamba`, `uv`, `conda_is_new`, `locked_pip`, `locked_conda`, `apt_snapshot`, `cran_snapshot`, `rootfs` and `labels`.",
)  # fmt: skip
OUTPUT_CLASH = Rule(
    "IM502", "output-clash", "two outputs would be written to {path}", "rename one of the images or files",
    "Every generated file has one origin.",
)  # fmt: skip
TREE_LIMIT = Rule(
    "IM503", "layer-limit", "image `{image}` would have about {count} layers below and in it, over {limit}",
    "merge some images of its chain into one",
    "Container runtimes refuse images with more than about 127 layers; long chains also start slowly.",
)  # fmt: skip
EDITED_BY_HAND = Rule(
    "IM504", "edited-by-hand", "the {what} is not what was generated {where} and would be {fate}",
    "move the change to matrix.yaml or templates/, then run `image-matrix render --force`",
    "Generated files are written by `image-matrix render` alone. What a file needs beyond the matrix belongs to a template. "
    "A file that was never generated is not touched either: move it away, or take it over with --force. What git has merged from two "
    "generated files, conflict markers included, is written anew without --force; a line in it that neither side generated is shown. "
    "Other line ends are not an edit: `render` writes such a file again.",
)  # fmt: skip
BAD_WHITEOUT = Rule(
    "IM505", "bad-whiteout", "{problem}", "{advice}",
    "An empty file templates/rootfs/KIND/…/.wh.NAME removes the file or folder NAME that image-matrix brings for this kind, and "
    ".wh..wh..opq everything in its folder. One that removes nothing is misspelt, or image-matrix no longer has that file. A file that "
    "an image has from its parent is removed by a RUN step in the template of its Dockerfile.",
)  # fmt: skip

UNUSED_TEMPLATE = Rule(
    "IM506", "unused-template", "{problem}", "{advice}",
    "Below templates/, `dockerfiles/KIND.Dockerfile.j2` makes the images with `kind: KIND`, `rootfs/KIND/` has their files, and "
    "`workflows/NAME.yaml.j2` is a workflow. A file that nothing reads is mostly one whose name is misspelt.",
    severity="warning",
)  # fmt: skip

PIP_CONFLICT = Rule(
    "IM601", "pip-conflict", "`{image}` cannot be installed on `{ancestor}`: it {wants}, and there is {has}",
    "change one of the two lines: {ours} against {theirs}",
    "An image keeps the Python and conda packages of its ancestors as they are; what it adds must be content with their versions. "
    "The two lines in the matrix that cannot both be had are shown, with the packages between them. Every command compares "
    "a line with the version that an ancestor pins; what other packages need is known when the lock is made. A variant that differs from the "
    "others has its own version in `overrides`.",
    bad="images:\n  scipy: {from: base, pip: [numpy==2.4.6]}\n  old: {from: scipy, pip: [numpy==1.26.4]}\n",
    good="images:\n  scipy: {from: base, pip: [numpy==2.4.6]}\n  new: {from: scipy, pip: [pandas==3.1.1]}\n",
)  # fmt: skip
PIP_UNSOLVABLE = Rule(
    "IM602", "pip-unsolvable", "the Python packages of {images} cannot be resolved: {problem}", "{advice}",
    "No set of versions satisfies the requirements of the image, whatever its ancestors have: a version does not exist for "
    "this Python and architecture, or two requirements exclude each other.",
)  # fmt: skip
CHECKSUM_MISMATCH = Rule(
    "IM603", "checksum-mismatch", "the file of {what} has the SHA-256 {actual}",
    "the matrix says {expected}: find out which of the two is the publisher's before you change it",
    "A checksum in the matrix is verified when the lock is made. A file that has another one was replaced at its address, or "
    "the checksum belongs to another version or architecture.",
)  # fmt: skip
BAD_LOCK = Rule(
    "IM604", "bad-lock", "this is no lock: {problem}",
    "take the file from the last commit, or remove it, then run `image-matrix lock`",
    "matrix.lock.yaml is written by `image-matrix lock`. After a merge conflict in it, take either side and run the command again.",
)  # fmt: skip
NOT_LOCKED = Rule(
    "IM605", "not-locked", "{what}: not locked", "run `image-matrix lock` and commit matrix.lock.yaml",
    "What is not locked floats: the same commit can build another image tomorrow. `check --locked` refuses that.",
)  # fmt: skip
PIN_MOVED = Rule(
    "IM606", "pin-moved", "{problem}", "run `image-matrix lock`, then `image-matrix render`, and commit what they change",
    "Once there is a lock, nothing that was locked floats again. An entry of the lock answers one question of the matrix: which digest "
    "a reference has, which checksum an address, which files the packages of a variant. Where the matrix asks another question in its "
    "place (another version, tag, name, index, platform or parent), nothing is rendered until the lock has the new answer. What is "
    "new, and what could never be locked, is still rendered, with a note. Where an overlay is the one that asks, it floats at that "
    "site alone.",
)  # fmt: skip
PLATFORM_NOT_IN_SOURCE = Rule(
    "IM607", "platform-not-in-source", "{what} has no {missing}, it has {offers}: {images}", "{advice}",
    "If a source is a single image and not an index, the engine takes it for every platform, and the result is an image of the wrong "
    "architecture. `image-matrix lock` reads from the registry which platforms each source and the frontend have, and records them.",
    bad="defaults: {images: {platforms: [linux/amd64, linux/arm64]}}\nsources: {deb: registry.example.org/amd64-only:1}\nimages: {base: {from: deb}}\n",
    good="defaults: {images: {platforms: [linux/amd64]}}\nsources: {deb: registry.example.org/amd64-only:1}\nimages: {base: {from: deb}}\n",
)  # fmt: skip
FINISHED_IMAGE = Rule(
    "IM608", "finished-image", "`{source}` is a finished image, which this build would take apart: it {signs}",
    "write `from:` with the distribution that `{source}` is built from, or give the image a `kind` whose template begins with `FROM`",
    "The built-in steps make a notebook image of a bare distribution: they remove the user 1000 and its home, put /opt/venv first on "
    "PATH, and make /init the entry point. An image that already has a user, a start script or a server does not work after that. "
    "`image-matrix lock` reads the user, entry point, command, working directory and PATH of each source, and records them.",
    bad="sources: {stacks: quay.io/jupyter/scipy-notebook:2026-08-03}\nimages: {mine: {from: stacks, kind: base}}\n",
    good="sources: {ubuntu: docker.io/library/ubuntu:24.04}\nimages: {mine: {from: ubuntu, kind: base}}\n",
)  # fmt: skip
SOURCE_UNKNOWN = Rule(
    "IM609", "source-unknown", "the lock does not know {facts} of {what}",
    "run `image-matrix lock`, which asks the registry; if the registry no longer has the locked digest, run "
    "`image-matrix lock --upgrade {name}`",
    "Only the registry knows which platforms a source has, and whether it is a finished image. `check --locked` refuses a lock "
    "without these facts, because no other check can use them.",
)  # fmt: skip
OTHER_MACHINE = Rule(
    "IM610", "other-machine", "the file of {what} is a program for {machine}, but it is downloaded for {archs}",
    "write `{{arch}}` or `{{machine}}` where the address names the architecture; `arch:` translates the publisher's names",
    "`image-matrix lock` reads from the header of a program which architecture it is for. A program for another architecture installs "
    "without an error and fails when it starts.",
    bad='downloads:\n  tool: {version: "1", url: "https://example.org/tool-amd64", to: /usr/local/bin/tool}\n',
    good='downloads:\n  tool: {version: "1", url: "https://example.org/tool-{arch}", to: /usr/local/bin/tool}\n',
)  # fmt: skip

BAD_SLUG = Rule(
    "IM701", "bad-slug", "`{slug}` is not a slug: users' choices are stored under it", "{advice}",
    "A profile's key is its slug: JupyterHub stores it with every user's last choice. It has lower-case letters, digits and "
    "single hyphens. Names that people read are `display_name`.",
    bad="profiles:\n  Data Science: {display_name: Data Science, images: [jupyter-scipy]}\n",
    good="profiles:\n  data-science: {display_name: Data Science, images: [jupyter-scipy]}\n",
)  # fmt: skip
SAME_SLUG = Rule(
    "IM702", "same-slug", "{first} and {second} are both the slug `{slug}`", "rename one of them",
    "KubeSpawner takes the first profile with a slug, always: nobody could ever start the second one.",
    bad="profiles:\n  old: {display_name: Old, images: [a]}\n  new: {display_name: New, images: [b], aliases: [old]}\n",
    good="profiles:\n  new: {display_name: New, images: [b], aliases: [old]}\n",
)  # fmt: skip
SLUG_VANISHED = Rule(
    "IM703", "slug-vanished", "the profile `{slug}` of {revision} is gone", "{advice}",
    "JupyterHub stores the slug of a user's last choice. Starts by API or with the stored choice fail with `No such profile` when "
    "it is gone. Keep it as an alias of another profile, which nobody sees, or announce a successor in one release and remove it in "
    "the next. An alias itself may be dropped when nobody can have it stored any more.",
    good="profiles:\n  data-science: {display_name: Data science, images: [jupyter-scipy], aliases: [scipy]}\n",
)  # fmt: skip
CHOICE_VANISHED = Rule(
    "IM704", "choice-vanished", "profile `{slug}`: `{option}` lacks `{keys}` of {revision}", "{advice}",
    "JupyterHub stores the keys of a user's last choices. A start with a key that is gone ends in a KeyError. "
    "A key under `retired` starts what took its place; users do not see it, and it may be dropped when nobody can have it stored.",
    good="profiles:\n  data-science:\n    images: {scipy: jupyter-scipy}\n    retired: {images: {old-scipy: scipy}}\n",
)  # fmt: skip
SECOND_DEFAULT = Rule(
    "IM705", "second-default", "`{second}` is a default profile as well as `{first}`", "keep `default: true` in one of them",
    "With two defaults the server takes the first one and the browser's form shows the last one.",
)  # fmt: skip
HELM_ORDER = Rule(
    "IM706", "helm-order", "users would see {after} before {before}: Helm sorts keys", "{advice}",
    "Helm loses the order of mappings and sorts their keys (digits as numbers). Keys that you write yourself must be in that "
    "order; in a list the generator numbers them.",
    bad="sizes: {small: small, large: large}\n", good="sizes: {1-small: small, 2-large: large}\n",
)  # fmt: skip
BAD_CHOICE_KEY = Rule(
    "IM707", "bad-choice-key", "profile `{profile}`: the choice key `{key}` {problem}", "{advice}",
    "The chart's pre-puller names a container `image-pull-profile-INDEX-option-image-KEY`: lower-case letters, digits and hyphens, "
    "63 characters in all. One bad key makes the DaemonSet invalid and the whole upgrade fails.",
    bad="images: {Py3.13: jupyter-scipy}\n", good="images: {py3-13: jupyter-scipy}\n",
)  # fmt: skip
CPU_NOT_NUMBER = Rule(
    "IM708", "cpu-not-number", "{where}: `{value}` is not a number of cores", "{advice}",
    "KubeSpawner takes CPU as a number. `500m` and \"0.5\" are refused when a user clicks Start.",
    bad="cpu: {limit: 500m}\n", good="cpu: {limit: 0.5}\n",
)  # fmt: skip
BAD_MEMORY = Rule(
    "IM709", "bad-memory", "{where}: `{value}` is not {what}", "{advice}",
    "A size takes bytes, or Ki, Mi, Gi and Ti as Kubernetes does. An override is KubeSpawner's own: it takes bytes, or K, M, G and T, "
    "which are powers of 1024 there, and refuses Gi when a user clicks Start.",
    bad="memory: {limit: 4G}\n", good="memory: {limit: 4Gi}\n",
)  # fmt: skip
UNKNOWN_TRAIT = Rule(
    "IM710", "unknown-trait", "KubeSpawner has no setting `{name}` that a profile may set", "{suggestion}",
    "A misspelt setting is ignored without a word where it is a number or text, and breaks the start where it is a mapping.",
    bad="kubespawner_override: {cpu_limt: 2}\n", good="kubespawner_override: {cpu_limit: 2}\n",
)  # fmt: skip
REPLACES_LIST = Rule(
    "IM711", "replaces-list", "{what} would replace {lost}", "{advice}",
    "An override merges mappings and replaces lists. The chart's tolerations make user nodes reachable, its volumes hold users' "
    "homes, its init containers block the cloud's metadata server: they would be gone. `extra_pod_config` and "
    "`extra_container_config` replace even more: a field in them takes the place of all that KubeSpawner has put there.",
    bad="kubespawner_override: {volumes: [{name: data, emptyDir: {}}]}\n",
    good="kubespawner_override: {volumes: {data: {name: data, emptyDir: {}}}}\n",
)  # fmt: skip
FIELD_TWICE = Rule(
    "IM712", "field-twice", "profile `{profile}`: {first} and {second} both set `{field}`", "keep one of them",
    "Where two parts of a choice set one field, the one whose key sorts last wins, whatever was meant.",
)  # fmt: skip
REQUEST_WITHOUT_LIMIT = Rule(
    "IM713", "request-without-limit", "`{name}` is requested without a limit", "set it under `extra_resource_limits` too, or use `accelerator:`",
    "Devices and huge pages cannot be overcommitted: Kubernetes refuses a pod that requests them without the same limit.",
    bad="kubespawner_override: {extra_resource_guarantees: {nvidia.com/gpu: \"1\"}}\n", good="devices: {nvidia.com/gpu: 1}\n",
)  # fmt: skip
EXPANDED_TEXT = Rule(
    "IM714", "expanded-text", "{where}: `{text}` would be expanded by {who}", "{advice}",
    "KubeSpawner passes environment values and volumes through Python's str.format, and Flux replaces ${…} in every text of a "
    "Kustomization with postBuild. Both fail on a name that they do not know.",
    bad="env: {JSON: '{\"a\": 1}'}\n", good="env: {JSON_FILE: /etc/settings.json}\n",
)  # fmt: skip
HTML_TEXT = Rule(
    "IM715", "html-text", "{where}: `{text}` is HTML", "write plain text",
    "JupyterHub prints names and descriptions of profiles without escaping: a tag would become part of the page.",
    bad="description: <b>Fast</b>\n", good="description: Fast\n",
)  # fmt: skip
DEVICE_MISMATCH = Rule(
    "IM716", "device-mismatch", "profile `{profile}` offers `{image}` ({image_device}) with {size} ({size_device})", "{advice}",
    "Users choose image and size independently: every image of a profile must fit every size. An image for GPUs on a pod without "
    "one starts and fails later; the reverse wastes a GPU.",
)  # fmt: skip
NO_HUB_PACKAGE = Rule(
    "IM717", "no-jupyterhub", "profile `{profile}`: `{image}` has no jupyterhub package", "{advice}",
    "KubeSpawner starts `jupyterhub-singleuser` in the image; without the package jupyterhub the pod ends at once.",
    bad="images:\n  base: {from: debian}\n", good="images:\n  base: {from: debian, pip: [jupyterhub==5.5.0]}\n",
)  # fmt: skip
HUB_VERSION = Rule(
    "IM718", "hub-version", "profile `{profile}`: `{image}` has jupyterhub {version}, the hub has {hub}", "{advice}",
    "The major versions of jupyterhub in the image and in the hub must be the same: else redirect loops and refused tokens.",
)  # fmt: skip
NOT_FOR_NODES = Rule(
    "IM719", "not-for-nodes", "profile `{profile}`: `{image}` is not built for {platform}, which the site's nodes have", "{advice}",
    "A pod on a node of another platform cannot pull the image.",
)  # fmt: skip
TOO_MANY_PROFILES = Rule(
    "IM720", "configmap-size", "the profiles would be {size} KiB of values; a ConfigMap holds 1024", "offer fewer choices, or split the hub",
    "Kubernetes refuses a ConfigMap over 1 MiB, and the chart copies all values into a Secret of its own. Over 900 KiB is refused here.",
)  # fmt: skip
GUARANTEE_OVER_LIMIT = Rule(
    "IM722", "guarantee-over-limit", "{where}: guarantees {guarantee}, but limits to {limit}", "raise the limit, or guarantee less",
    "Kubernetes refuses a pod that requests more than its limit.",
)  # fmt: skip
INLINE_WINS = Rule(
    "IM723", "inline-wins", "{who} sets `{path}` too, and wins over {ours}", "remove it here: the profiles come from matrix.yaml",
    "Flux merges `valuesFrom` in its order and `spec.values` on top; lists are replaced whole, and a `targetPath` mostly wins over "
    "all. What is there of the ConfigMap would never reach the hub, and nothing would say so.",
    severity="warning",
)  # fmt: skip
NOTHING_OFFERED = Rule(
    "IM724", "nothing-offered", "{what} has nothing to offer: {problem}", "{advice}",
    "A profile without an image, and a list without a profile, would leave users with the chart's sample image.",
)  # fmt: skip
BAD_TOLERATION = Rule(
    "IM725", "bad-toleration", "{where}: {problem}, which Kubernetes refuses", "{advice}",
    "Kubernetes refuses every pod with such a toleration: nobody could start a server.",
    bad="tolerations: [{key: sku, operator: Exists, value: gpu}]\n", good="tolerations: [{key: sku, operator: Equal, value: gpu}]\n",
)  # fmt: skip
NEEDS_CHART = Rule(
    "IM726", "needs-chart", "{where} needs the JupyterHub chart 4.3 (JupyterHub 5.4) or later; {problem}", "{advice}",
    "A volume of a profile joins those of the chart since the chart 4.3. Older ones have a list of volumes, and the profile's would "
    "take its place: users' homes would not be mounted, and their work would be lost when a server stops. JupyterHub 4 does not start "
    "such a server at all. Shared memory (`shm`) is a volume too. The hub's page at /hub/admin shows the version of JupyterHub.",
    bad="sites: {hub: {jupyterhub: 5.3.0}}\nsizes: {large: {display_name: Large, shm: 4Gi}}\n",
    good="sites: {hub: {jupyterhub: 5.5.0}}\nsizes: {large: {display_name: Large, shm: 4Gi}}\n",
)  # fmt: skip
CHART_CONTRADICTS = Rule(
    "IM727", "chart-contradicts", "the chart {chart} has JupyterHub {has}, and `jupyterhub` of the site is {hub}", "{advice}",
    "What is rendered is for the JupyterHub that the site names. Where the release installs another one, profiles may not "
    "start, or lose what they need.",
    severity="warning",
)  # fmt: skip
KUBERNETES_TEXT = Rule(
    "IM728", "kubernetes-text", "{where}: `{value}` is not {what}, and Kubernetes refuses the pod", "{advice}",
    "Kubernetes has rules for names, labels and quantities, and refuses an object whole that breaks one: nobody could start a server. "
    "KubeSpawner passes texts on as they are.",
    bad="kubespawner_override: {extra_labels: {team: data science}}\n",
    good="kubespawner_override: {extra_labels: {team: data-science}}\n",
)  # fmt: skip
UNUSED_DEVICE = Rule(
    "IM729", "unused-device", "the site has settings for `{device}`, which no size asks for", "{suggestion}",
    "`devices` of a site says what pods with a device need beside it; a name that no size uses is often misspelt.",
)  # fmt: skip

WORKFLOW_LIMIT = Rule(
    "IM801", "workflow-limit", "{problem}", "{advice}",
    "GitHub has limits: 256 legs a matrix, 500 KB a workflow file, about 1 MB of outputs a job. A workflow over one of them would not "
    "start, or fail half way, so it is not written.",
)  # fmt: skip
NO_LOGIN = Rule(
    "IM802", "no-login", "runs log in nowhere: {host} does not take GitHub's own token", "{advice}",
    "GitHub's own token is for ghcr.io and is sent nowhere else. On another registry the workflow logs in with the secrets that "
    "`network.logins` names; without them it pushes without a login, which few registries allow.",
    severity="warning",
    bad="registry: quay.io/example\n",
    good="registry: quay.io/example\nnetwork: {logins: {quay.io: {username: REGISTRY_USERNAME, password: REGISTRY_PASSWORD}}}\n",
)  # fmt: skip
NO_GENERATOR = Rule(
    "IM803", "no-generator", "`workflow` has no `generator`: nothing says what the workflow's jobs install",
    'add `generator: "image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT"` to `workflow:`, with the repository of image-matrix '
    "and the 40 digits of the commit that you use; where GitHub builds nothing, write `workflow: none`",
    "The jobs of the workflow run image-matrix with permission to write packages and to sign. There is no default, because anybody "
    "may register a name on a package index that the project does not own there. Name a commit of a repository that runners can read "
    "without a login, a path in your repository (`./vendor/image-matrix[locked]`), an absolute path on runners of your own, or a version on a "
    "package index of your own.",
    bad="workflow: {max_parallel: 4}\n",
    good='workflow:\n  generator: "image-matrix[locked] @ git+https://github.com/OWNER/NAME@0123456789abcdef0123456789abcdef01234567"\n',
)  # fmt: skip
UNLOCKED_GENERATOR = Rule(
    "IM804", "unlocked-generator", "the jobs install `{generator}` with the newest versions of everything that it needs", "write `{better}`",
    "The extra `locked` holds everything that image-matrix needs at the versions that it was tested with. Without it, a new release of "
    "any of these packages runs at once in jobs that can write packages and sign.",
    severity="warning",
    bad="workflow: {generator: .}\n", good='workflow: {generator: ".[locked]"}\n',
)  # fmt: skip
EXAMPLE_REGISTRY = Rule(
    "IM805", "example-registry", "`{registry}` is the example of the documentation, not a registry of yours",
    "write where your images are to be pushed, such as `ghcr.io/OWNER/notebooks` with the owner of your repository in lower case",
    "The workflow builds for as long as it takes, and then the push is refused: the place belongs to somebody else.",
    severity="warning",
    bad="registry: ghcr.io/example/notebooks\n", good="registry: ghcr.io/my-team/notebooks\n",
)  # fmt: skip
UNPUBLISHED_GENERATOR = Rule(
    "IM806", "unpublished-generator", "GitHub's runners take `{generator}` from PyPI, where the project does not publish it",
    "name a commit: `image-matrix[locked] @ git+https://github.com/OWNER/NAME@COMMIT`, with the repository of image-matrix and the commit's "
    "40 digits",
    "Anybody may register a free name on PyPI; from then on the jobs run that package with permission to write packages and to sign. "
    "Runners of your own that are set up with a package index of yours are not concerned.",
    severity="warning",
    bad='workflow: {generator: "image-matrix[locked]==0.1.0"}\n',
    good='workflow:\n  generator: "image-matrix[locked] @ git+https://github.com/OWNER/NAME@0123456789abcdef0123456789abcdef01234567"\n',
)  # fmt: skip

RETIRED: dict[str, str] = {
    "IM308": "It was `axis-twice`: an axis that the parent has may be named again, which narrows it.",
    "IM721": "It was `nothing-offered` before the first release, which is IM724 now.",
}
"""Codes that are no longer reported, and why; they are never used again."""
RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted((v for v in globals().values() if isinstance(v, Rule)), key=lambda r: r.code)
}
"""All rules by code."""
