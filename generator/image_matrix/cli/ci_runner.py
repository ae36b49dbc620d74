"""``ci signer``, ``token``, ``docker-config``, ``buildkitd``, ``free-disk``: prepare the runner of a job."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from image_matrix.cli.printing import say
from image_matrix.cli.project import open_project
from image_matrix.cli.run_api import required_variable
from image_matrix.errors import naming
from image_matrix.github.files import OUTPUT, PATH, append, write_lines

if TYPE_CHECKING:
    from image_matrix.cli.session import Session

FREED = (
    "/opt/ghc",
    "/opt/hostedtoolcache/CodeQL",
    "/usr/local/.ghcup",
    "/usr/local/lib/android",
    "/usr/local/share/boost",
    "/usr/local/share/powershell",
    "/usr/share/dotnet",
    "/usr/share/miniconda",
    "/usr/share/swift",
)
"""Folders of GitHub's runner images that the workflow's jobs do not need; github.com/actions/runner-images."""


@click.command("signer")
@click.pass_obj
def ci_signer(session: Session) -> int:
    """Install notation and its plugin for later steps.

    Both are pinned by version and checksum.
    """
    import subprocess
    import time

    from image_matrix.cli.network_files import http_client
    from image_matrix.config.mirrors import mirrored
    from image_matrix.errors import EnvironmentFailure
    from image_matrix.pinned.actions import plugin, tool
    from image_matrix.pinned.tools import fetched_release, native_arch, unpack

    loaded = open_project(session).loaded
    mirrors, http = loaded.matrix.network.mirrors.downloads, http_client(session, loaded)
    folder = Path(required_variable("RUNNER_TEMP")) / "image-matrix"
    pinned = tool("notation", native_arch(), loaded.matrix.workflow.pins)
    release = fetched_release(pinned, lambda url: http.whole(mirrored(url, mirrors), time.sleep))
    program = unpack(pinned, release, folder)
    append(PATH, f"{folder}\n")
    pinned_plugin = plugin(loaded.matrix.release.sign.plugin or "", native_arch())
    if pinned_plugin is None:
        say(session, "image-matrix does not pin this plugin: it must be installed on the runner")
        return 0
    url, checksum = pinned_plugin
    arguments = ["plugin", "install", "--url", mirrored(url, mirrors), "--sha256sum", checksum]
    if subprocess.run([str(program), *arguments], check=False).returncode:
        raise EnvironmentFailure("the plugin of notation could not be installed", "see its output above")
    return 0


@click.command("token")
@click.argument("host")
@click.pass_obj
def ci_token(session: Session, host: str) -> int:
    """Exchange the job's OIDC token for a login to HOST.

    Writes `username` and `password` as outputs of the step.
    """
    from image_matrix.cli.ci_logins import take_token
    from image_matrix.github.registry_tokens import Services

    take_token(session, host, Services())
    return 0


@click.command("docker-config")
@click.option("--pulled", is_flag=True, help="Only where sources and BuildKit come from.")
@click.pass_obj
def ci_docker_config(session: Session, pulled: bool) -> int:
    """Log in to the registries of the matrix with DOCKER_CONFIG_JSON.

    Later steps have the logins, in a folder that the runner removes at the end of the job.
    """
    from image_matrix.cli.ci_logins import use_docker_config
    from image_matrix.config.pull_logins import login_references, pull_references

    use_docker_config(session, pull_references if pulled else login_references)
    return 0


@click.command("buildkitd")
@click.pass_obj
def ci_buildkitd(session: Session) -> int:
    """Write the builder's settings: mirrors, certificates, trusted hosts and proxy of `network`.

    Output `file` of the step is the path, if there is something to set; output `options` has the proxy as options of
    the driver, one a line.
    """
    from image_matrix.build.builder import proxy_options, quoted_option
    from image_matrix.cli.network_files import ca_bundle
    from image_matrix.config.proxy import open_variables, proxy_variables, secret_variables, within_steps
    from image_matrix.config.pull_logins import registry_hosts
    from image_matrix.render.buildkitd import buildkitd_toml

    loaded = open_project(session).loaded
    matrix = loaded.matrix
    text = buildkitd_toml(matrix.network, registry_hosts(matrix), ca_bundle(session, loaded))
    if text:
        file = Path(required_variable("RUNNER_TEMP")) / "buildkitd.toml"
        with naming(file):
            file.write_text(text, encoding="utf-8")
        append(OUTPUT, f"file={file}\n")
    say(session, text or "no mirrors of whole registries and no certificates: the builder has its defaults")
    proxy = within_steps(proxy_variables(matrix.network.proxy, os.environ))
    if hidden := secret_variables(proxy):
        say(
            session,
            f"{next(iter(hidden))} has a password: the builder, whose options everybody can read, gets none",
        )
    options = proxy_options(open_variables(proxy))
    if options:
        write_lines("options", (quoted_option(f"{name}={value}") for name, value in options.items()))
    return 0


@click.command("free-disk")
@click.pass_obj
def ci_free_disk(session: Session) -> int:
    """Remove unused tools from GitHub's runner."""
    import shutil
    import subprocess

    if os.environ.get("RUNNER_ENVIRONMENT") != "github-hosted":
        say(session, "not a GitHub-hosted runner: nothing is removed")
        return 0
    before = shutil.disk_usage("/").free
    subprocess.run(["sudo", "rm", "-rf", "--", *FREED], check=False)
    say(session, f"{(shutil.disk_usage('/').free - before) / 1e9:.1f} GB freed")
    return 0
