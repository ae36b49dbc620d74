"""Writes the mirrors, certificates and logins of the build network to one shell file that build steps read as a secret.

They are not part of an image or of its key: the file and the CA bundle are BuildKit secrets, the file writes to a tmpfs
only, and its variables end with the step.
"""

from __future__ import annotations

import base64
import netrc
import shlex
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from image_matrix.build.network_trust import apt_trust, curl_patterns, is_of_trusted, trust_lines
from image_matrix.config.mirrors import familiar, mirrored, url_prefixes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from image_matrix.config.network import Mirrors

CA_BUNDLE = "/run/secrets/ca-bundle.crt"
_CA_VARIABLES = (
    "SSL_CERT_FILE",  # uv, OpenSSL
    "PIP_CERT",
    "REQUESTS_CA_BUNDLE",  # conda, requests
    "CURL_CA_BUNDLE",  # curl, R
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_CAINFO",
)
_NETRC = "/tmp/site-netrc"  # noqa: S108 - in the container, on a tmpfs
_CURL_FOLDER = "/tmp/site-curl"  # noqa: S108
_APT_FOLDER = "/tmp/site-apt"  # noqa: S108 - in the container, on a tmpfs


SCRIPT_VARIABLE = "IMAGE_MATRIX_SITE"


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secrets that build steps can read and that images do not contain."""

    options: tuple[str, ...]
    """Bake's field ``secret``."""
    environment: Mapping[str, str]
    """Variables that buildx reads them from."""


@dataclass(frozen=True, slots=True)
class StepNetwork:
    """What the place that builds says to steps."""

    mirrors: Mirrors
    ca_bundle: bool = False
    """Whether steps have a CA bundle."""
    logins: str = ""
    """The text of a netrc file."""
    trusted: tuple[str, ...] = ()
    """Hosts whose certificate is not checked (:mod:`image_matrix.config.trusted_hosts`)."""
    proxy: Mapping[str, str] = field(default_factory=dict)
    """Proxy variables with a password; the others are build arguments."""


def secrets(settings: StepNetwork, ca_bundle: str | None) -> Secrets:
    """Return the shell file and the CA bundle (a path) as secrets."""
    text = script(settings)
    return Secrets(
        (
            *((f"id=site,env={SCRIPT_VARIABLE}",) if text else ()),
            *((f"id=ca-bundle,src={ca_bundle}",) if ca_bundle else ()),
        ),
        {SCRIPT_VARIABLE: text} if text else {},
    )


def script(settings: StepNetwork) -> str:
    """Return the shell file, or an empty text if it has no settings."""
    mirrors, trusted = settings.mirrors, settings.trusted
    parts = [
        *(f"export {name}={shlex.quote(value)}" for name, value in settings.proxy.items()),
        *_certificates(settings.ca_bundle),
        *(trust_lines(trusted, mirrors.npm) if trusted else ()),
        *_variables(mirrors),
        *_rewrites(mirrors, trusted),
        *_logins(settings.logins, mirrors.npm),
        *_r_profile(settings),
        *_apt(settings),
    ]
    if not parts:
        return ""
    # bash reads it in every shell of a step; once is enough, but functions are not inherited
    return "\n".join(["# Mirrors and certificates of the place that builds", *parts]) + "\n"


def _certificates(ca_bundle: bool) -> list[str]:
    if not ca_bundle:
        return []
    return [f"export {' '.join(f'{name}={CA_BUNDLE}' for name in _CA_VARIABLES)}"]


def _variables(mirrors: Mirrors) -> list[str]:
    variables = {
        "PIP_INDEX_URL": mirrors.pip,
        "UV_DEFAULT_INDEX": mirrors.pip,
        "NPM_CONFIG_REGISTRY": mirrors.npm,
        "CONDA_CHANNEL_ALIAS": mirrors.conda,
        "MAMBA_CHANNEL_ALIAS": mirrors.conda,  # for the channel of an entry: bioconda::samtools
        "CRAN_REPOSITORY": mirrors.cran,
    }
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items() if value]


def _rewrites(mirrors: Mirrors, trusted: tuple[str, ...]) -> list[str]:
    """Make curl and uv use the mirror if an argument starts with a mirrored prefix, the longest first.

    curl then checks no certificate if the address is one of a trusted host.
    """
    prefixes = url_prefixes(mirrors)
    if not prefixes and not trusted:
        return []
    cases = [
        f"    {shlex.quote(prefix.rstrip('/'))}/*) argument={shlex.quote(prefixes[prefix].rstrip('/'))}"
        f'"${{argument#{shlex.quote(prefix.rstrip("/"))}}}" ;;'
        for prefix in sorted(prefixes, key=len, reverse=True)
    ]
    return [
        "through_mirrors() {",
        '  local program="$1" argument; shift',
        "  local -a arguments=()",
        '  for argument in "$@"; do',
        '    case "${argument}" in',
        *cases,
        "    esac",
        *_without_check(trusted),
        '    arguments+=("${argument}")',
        "  done",
        '  command "${program}" "${arguments[@]}"',
        "}",
        'curl() { through_mirrors curl "$@"; }',
        'uv() { through_mirrors uv "$@"; }',
        'micromamba() { through_mirrors micromamba "$@"; }',
    ]


def _without_check(trusted: tuple[str, ...]) -> list[str]:
    if not trusted:
        return []
    return [
        '    if [[ "${program}" == curl ]]; then',
        f'      case "${{argument}}" in {curl_patterns(trusted)}) arguments+=(--insecure) ;; esac',
        "    fi",
    ]


def _logins(logins: str, npm: str | None) -> list[str]:
    """Write the logins to the files of programs: NETRC for pip, uv and micromamba, and those of curl, npm and R."""
    if not logins:
        return []
    return [
        f"if [[ ! -e {_NETRC} ]]; then",
        f"  mkdir --parents {_CURL_FOLDER}",
        f"  (umask 077 && printf %s {shlex.quote(logins)} > {_NETRC})",
        f"""  printf 'netrc-file = "%s"\\n' {_NETRC} > {_CURL_FOLDER}/.curlrc""",
        f"  (umask 077 && printf %s {shlex.quote(npm_logins(logins, npm))} > {_NPM_CONFIG})",
        "fi",
        f"export NETRC={_NETRC} CURL_HOME={_CURL_FOLDER} NPM_CONFIG_USERCONFIG={_NPM_CONFIG}",
    ]


def _r_profile(settings: StepNetwork) -> list[str]:
    """Make R fetch with the program curl where R itself can neither log in nor trust."""
    insecure = is_of_trusted(settings.mirrors.cran, settings.trusted)
    if not settings.logins and not insecure:
        return []
    options = _R_OPTIONS.replace("--location", "--location --insecure") if insecure else _R_OPTIONS
    return [
        f"if [[ ! -e {_R_PROFILE} ]]; then printf %s {shlex.quote(options)} > {_R_PROFILE}; fi",
        *_R_WITH_PROFILE,
    ]


_NPM_CONFIG = "/tmp/site-npmrc"  # noqa: S108 - in the container, on a tmpfs
_R_PROFILE = "/tmp/site-Rprofile"  # noqa: S108
_R_OPTIONS = """\
if (nzchar(Sys.which("curl"))) local({
  agent <- sprintf("R/%s R (%s)", getRversion(), paste(getRversion(), R.version$platform, R.version$arch, R.version$os))
  extra <- paste("--location --fail --silent --show-error --user-agent", shQuote(agent))
  options(download.file.method = "curl", download.file.extra = extra)
})
"""
"""R's own downloads know no netrc file, the program curl does; ?download.file. The server chooses by the user agent."""
_R_WITH_PROFILE = (
    "Rscript() {",
    "  local -a options=()",
    '  while [[ "${1:-}" == --* ]]; do options+=("$1"); shift; done',
    f"""  if [[ "${{1:-}}" == -e ]]; then options+=(-e 'source("{_R_PROFILE}")'); fi""",
    '  command Rscript "${options[@]}" "$@"',
    "}",
    f"export R_PROFILE_USER={_R_PROFILE}",
)
"""Profiles are not read with ``--vanilla``."""
TOKEN_USER = "__token__"  # noqa: S105 - a user
"""The user beside a token, as on PyPI: npm sends such a password as a token."""


def npm_logins(logins: str, registry: str | None) -> str:
    """Return npm's settings for the machines of a netrc file, and for ``registry`` with its port.

    Source: docs.npmjs.com/cli/configuring-npm/npmrc, "Auth related configuration": a setting is for an address and
    everything below it.
    """
    lines = []
    address = urlsplit(registry or "")
    for machine, user, password in _machines(logins):
        places = {machine, *([address.netloc.rpartition("@")[2]] if address.hostname == machine else [])}
        basic = base64.b64encode(f"{user}:{password}".encode()).decode()
        setting = f"_authToken={password}" if user == TOKEN_USER else f"_auth={basic}"
        lines += [f"//{place}/:{setting}\n" for place in sorted(places)]
    return "".join(lines)


def _machines(logins: str) -> list[tuple[str, str, str]]:
    """Return machine, user and password of each entry that has a machine; nothing of a text that is no netrc file."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        file.write(logins)
        file.flush()
        try:
            hosts = netrc.netrc(file.name).hosts
        except netrc.NetrcParseError:
            return []
    return [(name, user, password) for name, (user, _, password) in hosts.items() if name != "default"]


def _apt(network: StepNetwork) -> list[str]:
    """Point apt at rewritten copies of its source lists; the lists stay unchanged."""
    mirrors = network.mirrors
    if not any((mirrors.apt, network.ca_bundle, network.logins, network.trusted)):
        return []
    settings = ['APT::Sandbox::User "root";']  # apt's own user must not read secrets
    settings += [f'Dir::Etc::netrc "{_NETRC}";'] if network.logins else []
    settings += [f'Acquire::https::CAInfo "{CA_BUNDLE}";'] if network.ca_bundle else []
    settings += apt_trust(network.trusted)
    lines = [f"  mkdir --parents {_APT_FOLDER}/parts"]
    if mirrors.apt:
        settings += [f'Dir::Etc::{name} "{_APT_FOLDER}/{path}";' for name, path in _APT_LISTS.items()]
        lines += [
            f"  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*; do",  # noqa: F541
            f'    if [[ "${{list}}" == */sources.list ]]; then target={_APT_FOLDER}/sources.list',
            f'    else target="{_APT_FOLDER}/parts/${{list##*/}}"; fi',
            f'    if [[ -f "${{list}}" ]]; then sed {_sed(mirrors.apt)} "${{list}}" > "${{target}}"; fi',
            "  done",
        ]
    body = "".join(f"{setting}\\n" for setting in settings)
    lines.append(f"  printf {shlex.quote(body)} > {_APT_FOLDER}/apt.conf")
    lines.append(f"  export APT_CONFIG={_APT_FOLDER}/apt.conf")
    return ['if [[ -d /etc/apt && -z "${APT_CONFIG:-}" ]]; then', *lines, "fi"]


_APT_LISTS = {"SourceList": "sources.list", "SourceParts": "parts"}


def _sed(prefixes: Mapping[str, str]) -> str:
    expressions = (
        f"s#{_pattern(prefix.rstrip('/'))}\\(/\\|[[:space:]]\\|$\\)#{_replacement(prefixes[prefix].rstrip('/'))}\\1#"
        for prefix in sorted(prefixes, key=len, reverse=True)
    )
    return " ".join(f"--expression={shlex.quote(expression)}" for expression in expressions)


def _pattern(text: str) -> str:
    return "".join(f"\\{char}" if char in r"\.[]*^$#" else char for char in text)


def _replacement(text: str) -> str:
    return "".join(f"\\{char}" if char in r"\&#" else char for char in text)


def contexts(references: Iterable[str], mirrors: Mirrors) -> dict[str, str]:
    """Return the named contexts that make FROM use mirrored images, for references as Dockerfiles write them."""
    return {
        familiar(reference): f"docker-image://{mirrored(reference, mirrors.registries)}"
        for reference in references
        if mirrored(reference, mirrors.registries) != reference
    }
