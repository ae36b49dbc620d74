"""``verify`` on real images: good ones pass, and every check fails on an image that was broken for it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import pytest

from image_matrix.config.accelerators import Accelerator
from image_matrix.verify.accelerators import device
from image_matrix.verify.engine import CommandResult, Container, Engine, Spec
from image_matrix.verify.run import subject_of
from image_matrix.verify.scenarios import results, scenarios
from image_matrix.verify.volume import Volume
from tests.e2e.support import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from image_matrix.verify.model import Result, Subject
    from tests.e2e.conftest import Site

pytestmark = pytest.mark.e2e

IMAGES = ("base", "jupyter", "jupyter-scipy", "codeserver", "codeserver-python")
LABELS = ("python3.13", "python3.11")
BASE, LAB, CODE = "base:python3.13", "jupyter:python3.13", "codeserver:python3.13"
BUILDX = "jupyter-buildx:python3.13"


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("image", IMAGES)
def test_the_reference_images_pass(site: Site, image: str, label: str, tmp_path: Path) -> None:
    variant = f"{image}:{label}"
    site.image(variant)
    file = tmp_path / "junit.xml"
    done = site.run("verify", variant, "--format", "json", "--junit", str(file))
    assert done.stdout, done.stderr
    (report,) = json.loads(done.stdout)
    failed = [result for result in report["results"] if result["status"] == "failed"]
    assert not failed
    assert done.returncode == 0
    names = {result["name"] for result in report["results"]}
    assert {"user", "empty-volume", "sigterm", "packages", "version python", "command git --version"} <= names
    suite = ElementTree.parse(file).getroot()[0]  # noqa: S314 - our own
    assert int(suite.attrib["tests"]) == len(names)
    kept = HOME / "build/verify"
    kept.mkdir(parents=True, exist_ok=True)
    (kept / f"{image}-{label}.json").write_text(done.stdout)


@dataclass(frozen=True, slots=True)
class Breakage:
    """What is done to an image, and which checks must see it."""

    checks: tuple[str, ...]
    steps: str
    variant: str = BASE
    changed: dict[str, Any] = field(default_factory=dict)
    """Fields of the subject that differ, such as its tests."""

    def __str__(self) -> str:
        return f"{self.checks[0]}-{self.steps.splitlines()[-1][:40]}" if self.steps else self.checks[0]


def script(path: str, *lines: str) -> str:
    """Return Dockerfile steps that put a shell script somewhere."""
    text = "\n".join(("#!/command/with-contenv bash", *lines))
    return f"USER 0\nCOPY --chmod=0755 <<'EOT' {path}\n{text}\nEOT\nUSER 1000"


HUB_SERVER = "/opt/venv/bin/jupyterhub-singleuser"
JUPYTERLAB = "/etc/services.d/jupyterlab/run"
CODE_SERVER = "/usr/local/lib/image-matrix/code-server"
LAB_WITHOUT_LOGIN = (
    "exec jupyter lab --no-browser --ServerApp.ip=0.0.0.0 --ServerApp.port=8888 --IdentityProvider.token='' "
    '--ServerApp.base_url="$JUPYTERHUB_SERVICE_PREFIX"'
)


def before_the_server(*lines: str) -> str:
    """Return steps that do something before the hub's server starts."""
    wrapper = script(HUB_SERVER, *lines, f"exec {HUB_SERVER}-real")
    return f"USER 0\nRUN mv {HUB_SERVER} {HUB_SERVER}-real\n{wrapper}"


AROUND_THE_LOGIN = before_the_server("python3 -m http.server 9999 &")
KERNEL = "/opt/venv/share/jupyter/kernels/python3/kernel.json"
METADATA = "/opt/venv/lib/python*/site-packages/notebook-*.dist-info/METADATA"
CUDA = Accelerator("cuda", version="13.0", device="nvidia.com/gpu")
TORCH: dict[str, Any] = {"accelerator": CUDA, "packages": frozenset({"torch"}), "tests": {}}
TENSORFLOW: dict[str, Any] = {"accelerator": CUDA, "packages": frozenset({"tensorflow"}), "tests": {}}
DRIVER_FOLDER = "ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib64 PATH=/usr/local/nvidia/bin:$PATH"
ANY_CUDA: dict[str, Any] = {**TORCH, "accelerator": Accelerator("cuda", device="nvidia.com/gpu")}
GAUDI: dict[str, Any] = {"accelerator": Accelerator("gaudi", version="1.24.1", device="habana.ai/gaudi")}


def framework(name: str, version: str, *lines: str) -> str:
    """Return steps that install something in a framework's place, because frameworks are large."""
    site = "/opt/venv/lib/python3.13/site-packages"
    described, code = f"{site}/{name}-{version}.dist-info", "\n".join(lines)
    return (
        f"USER 0\nCOPY <<'EOT' {described}/METADATA\nName: {name}\nVersion: {version}\nEOT\n"
        f"COPY <<'EOT' {site}/{name}/__init__.py\n{code}\nEOT\nUSER 1000"
    )


def torch(built_for: str, devices: int = 0) -> str:
    """Return steps that install a torch which says that it was built for a version of CUDA, and sees devices."""
    return framework(
        "torch", "2.12.0+cu130", f"class version: cuda = '{built_for}'",
        f"class cuda: device_count = staticmethod(lambda: {devices})",
    )  # fmt: skip


def tensorflow(built_for: str) -> str:
    info = f"{{'cuda_version': '{built_for}'}}"
    return framework(
        "tensorflow", "2.21.0", f"class sysconfig: get_build_info = staticmethod(lambda: {info})"
    )


def gaudi(version: str, *lines: str) -> str:
    """Return steps that install a plug-in of a version, whose module does something when it is imported."""
    module = "/opt/venv/lib/python3.13/site-packages/habana_frameworks/torch/__init__.py"
    code = "\n".join(lines)
    return f"{framework('habana_torch_plugin', version)}\nCOPY <<'EOT' {module}\n{code}\nEOT"


NO_LIBRARY = "raise OSError('libcudart.so.13: cannot open shared object file')"
CRASH = "import os; os.kill(os.getpid(), 11)"
QUICK = {"deadline": 5.0}
SUPERVISOR = 'ENTRYPOINT ["/usr/bin/python3", "-c", "import time; time.sleep(600)"]'
NO_HUB = ("hub-start", "hub-ide", "hub-login", "hub-activity", "hub-any-uid")
FILES = {"/etc/shadow": "", "~/nothing": ""}


def as_root(command: str) -> str:
    return f"USER 0\nRUN {command}\nUSER 1000"


NGINX = "/usr/local/lib/image-matrix/nginx.conf.in"
WITHOUT_UPGRADE = r"sed -i '/proxy_set_header \(Upgrade\|Connection\) /d' " + NGINX
ACTIVITY = """\
import http.server, json, socketserver, sys
from datetime import datetime, UTC
now = lambda: datetime.now(UTC).isoformat()
started = now()
def since(moment): return [{"last_activity": moment, "execution_state": "idle"}]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(WHAT).encode())
    def log_message(self, *_): pass
socketserver.UnixStreamServer(sys.argv[1], Handler).serve_forever()
"""


def activity(what: str) -> str:
    """Return steps that put something else in the place of what answers Kubeflow's culler."""
    path, code = "/usr/local/lib/image-matrix/activity.py", ACTIVITY.replace("WHAT", what)
    return f"COPY --chmod=0755 <<'EOT' {path}\n{code}EOT\n# {what}"


REDIRECTING = """\
exec python3 -c '
from http.server import BaseHTTPRequestHandler, HTTPServer
from os import environ
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        served = self.path.startswith((environ["NB_PREFIX"], "/lab"))
        self.send_response(200 if served else 302 if self.path == "/" else 404)
        self.send_header("Location", "/lab")
        self.end_headers()
    def log_message(self, *_): pass
HTTPServer(("", 8888), Handler).serve_forever()'"""


def lab(*lines: str) -> str:
    """Return steps that put something else in JupyterLab's place."""
    return script(JUPYTERLAB, *lines)


def own(check: str, kind: str, key: str, expected: str = "", variant: str = BASE) -> Breakage:
    """Return a good image with a test of its own that it cannot pass."""
    return Breakage((check,), "", variant, {"tests": {kind: {key: expected}}})


BROKEN = (
    Breakage(("user",), as_root("usermod --login someone jovyan")),
    Breakage(("uid",), "USER 10001:0"),
    Breakage(("uid", "user"), "USER 0"),
    Breakage(("gid",), "USER 1000:100"),
    Breakage(("home",), "ENV HOME=/tmp"),
    Breakage(("first-process",), 'ENTRYPOINT ["/bin/bash", "-c", "/init; true"]'),
    Breakage(("ports",), script("/etc/services.d/extra/run", "exec python3 -m http.server 9999"), LAB),
    Breakage(("zombies", "sigterm", "empty-volume"), SUPERVISOR),
    Breakage(("empty-volume",), as_root("rm /etc/cont-init.d/20-home")),
    Breakage(("user-site",), "ENV PYTHONNOUSERSITE="),
    Breakage(("kernels",), as_root(f"sed -i s/ipykernel_launcher/no.such/ {KERNEL}"), LAB),
    Breakage(("kernels",), as_root(f"sed -i s/python/R/ {KERNEL}"), LAB),
    Breakage(("interpreter",), as_root("rm -r /opt/home-template/.local"), CODE),
    Breakage(("extensions",), "", CODE, {"extensions": {"team.tool": "1.0.0"}}),
    Breakage(("any-uid",), as_root("rm /etc/cont-init.d/10-user")),
    Breakage(("read-only",), script("/etc/cont-init.d/30-write", "touch /opt/venv/written")),
    Breakage(("command",), 'ENTRYPOINT ["/bin/sh", "-c", "exit 0"]'),
    Breakage(("command",), 'ENTRYPOINT ["/no/such/program"]'),
    Breakage(("command", "clean-home"), "ENV HOME=/root\nENTRYPOINT []"),
    Breakage(("clean-home",), as_root("mkdir /home/jovyan/.cache")),
    Breakage(("bad-prefix",), as_root("rm /etc/cont-init.d/05-prefix")),
    Breakage(("docker",), as_root("rm /usr/libexec/docker/cli-plugins/docker-buildx"), BUILDX),
    Breakage(
        ("docker-builder", "docker-logins"),
        as_root("rm -r /etc/cont-init.d/30-buildx /etc/profile.d"),
        BUILDX,
    ),
    Breakage(("docker-logins",), "ENV DOCKER_CONFIG=/home/jovyan/.docker", BUILDX),
    Breakage(("docker-build",), as_root("rm /usr/local/bin/docker"), BUILDX),
    Breakage(("http",), lab("exec sleep 600"), LAB, QUICK),
    Breakage(
        ("http", "cors", "inside-prefix", "websocket", "culling"),
        lab("cd /opt", "exec python3 -m http.server 8888"),
        LAB,
        QUICK,
    ),
    Breakage(("inside-prefix",), lab(REDIRECTING), LAB, QUICK),
    Breakage(("websocket",), as_root(WITHOUT_UPGRADE), CODE),
    Breakage(("culling",), as_root("rm /etc/jupyter/jupyter_server_config.py"), LAB),
    Breakage(("culling",), activity("[]"), CODE),
    Breakage(("culling",), activity("since(None)"), CODE),
    Breakage(("culling",), activity("since('never')"), CODE),
    Breakage(("culling",), activity("since('1970-01-01T00:00:00Z')"), CODE),
    Breakage(("culling",), activity("since(started)"), CODE),
    Breakage(("culling",), activity("since(now())"), CODE),
    Breakage(("ports",), lab("exec jupyter lab --no-browser --ip=127.0.0.1 --port=8888"), LAB, QUICK),
    Breakage(("trailing-slash",), lab("[[ $NB_PREFIX != */ ]] || exec sleep 600"), LAB, QUICK),
    Breakage(("no-prefix",), lab("[[ $NB_PREFIX != / ]] || exec sleep 600"), LAB, QUICK),
    Breakage(("alone",), as_root(f"sed -i 's/^login$/login_token=/' {JUPYTERLAB}"), LAB),
    Breakage(("alone",), as_root(f"sed -i 's/if platform_in_front/if true/' {JUPYTERLAB}"), LAB),
    Breakage(("alone",), as_root(f"sed -i '/announce_login/d' {JUPYTERLAB}"), LAB, {"deadline": 15.0}),
    Breakage(("alone",), as_root(f"sed -i 's/^ *if (.logged_in = 0)/if ($host = x)/' {NGINX}"), CODE),
    Breakage(("closed-network",), as_root("rm /etc/cont-init.d/12-certificates")),
    Breakage(("closed-network",), as_root("rm /etc/profile.d/image-matrix-environment.sh")),
    Breakage(("environment",), as_root("rm /usr/local/lib/image-matrix/container_environment.py")),
    Breakage(("environment",), as_root("echo 'export NB_GID=7' > /etc/profile.d/company.sh")),
    Breakage(
        ("closed-network", "environment"),
        as_root(f"sed -i 's/^exec /exec env -u PIP_INDEX_URL /' {JUPYTERLAB}"),
        LAB,
    ),
    Breakage(
        ("closed-network", "environment"),
        as_root(f"sed -i 's/^exec /exec env -u SSL_CERT_FILE -u IMAGE_MATRIX_PROBE /' {CODE_SERVER}"),
        CODE,
    ),
    Breakage(NO_HUB, as_root(f"rm {HUB_SERVER}"), LAB, QUICK),
    Breakage(("hub-login", "hub-activity"), script(HUB_SERVER, LAB_WITHOUT_LOGIN), LAB),
    Breakage(("hub-login",), AROUND_THE_LOGIN, LAB),
    Breakage(("hub-any-uid",), before_the_server("touch /opt/venv/written || exit"), LAB, QUICK),
    Breakage(("hub-ide",), script(CODE_SERVER, "exit 1"), CODE, {"deadline": 15.0}),
    Breakage(("packages",), as_root(f"sed -i 's/^Version:.*/Version: 0.0.1/' {METADATA}"), LAB),
    Breakage(("accelerator torch",), torch("12.4"), BASE, TORCH),
    Breakage(("accelerator tensorflow",), tensorflow("12.5"), BASE, TENSORFLOW),
    Breakage(("accelerator torch",), framework("torch", "2.12.0", NO_LIBRARY), BASE, ANY_CUDA),
    Breakage(("accelerator torch",), framework("torch", "2.12.0", CRASH), BASE, ANY_CUDA),
    Breakage(("accelerator torch",), torch(""), BASE, ANY_CUDA),
    Breakage(("driver-folder",), "", BASE, TORCH),
    Breakage(("driver-folder",), "ENV LD_LIBRARY_PATH=/usr/local/nvidia/lib64", BASE, TORCH),
    Breakage(("accelerator habana-torch-plugin",), gaudi("1.23.0"), BASE, GAUDI),
    Breakage(("accelerator habana-torch-plugin",), gaudi("1.24.1", NO_LIBRARY), BASE, GAUDI),
    Breakage(("file /etc/shadow", "file ~/nothing"), "", BASE, {"tests": {"files": FILES}}),
    own("command false", "commands", "false"),
    own("command git --version", "commands", "git --version", "svn"),
    own("import antigravity.nothing", "imports", "antigravity.nothing"),
    own("r-package sf", "r_packages", "sf"),
    Breakage(("version python",), "", BASE, {"provides": {"python": "3.12"}}),
    own("http no/such/page", "http", "no/such/page", variant=LAB),
    own("http lab", "http", "lab", "RStudio", LAB),
)


@contextmanager
def derived(engine: Engine, image: str, steps: str) -> Iterator[str]:
    """Build an image on a good one."""
    if not steps:
        yield image
        return
    name = f"image-matrix-broken:{uuid.uuid4().hex[:12]}"
    answer = engine.call(("build", "--quiet", f"--tag={name}", "-"), f"FROM {image}\n{steps}\n", 300.0)
    assert answer.code == 0, answer.err
    try:
        yield name
    finally:
        engine.call(("rmi", "--force", name), None, 60.0)


def failures(engine: Engine, subject: Subject, checks: tuple[str, ...]) -> dict[str, Result]:
    """Run the scenarios that serve the checks (own tests are the first one's); return what failed."""
    every = scenarios(subject)
    wanted = {one for one in every for check in checks if check in one.checks} or {every[0]}
    return {
        result.name: result
        for one in every
        if one in wanted
        for result in results(one, engine, subject)
        if result.status == "failed"
    }


@pytest.mark.parametrize("broken", BROKEN, ids=str)
def test_every_check_fails_on_an_image_that_is_broken_for_it(
    site: Site, engine: Engine, broken: Breakage
) -> None:
    good = subject_of(site.loaded(), broken.variant, site.image(broken.variant), None, 60.0)
    with derived(engine, good.image, broken.steps) as image:
        failed = failures(engine, replace(good, image=image, **broken.changed), broken.checks)
    assert set(broken.checks) <= set(failed)
    assert all(failed[check].detail for check in broken.checks)


def test_a_framework_of_the_right_cuda_passes_without_a_device(site: Site, engine: Engine) -> None:
    good = subject_of(site.loaded(), BASE, site.image(BASE), None, 60.0)
    with derived(engine, good.image, f"{torch('13.0')}\n{DRIVER_FOLDER}") as image:
        subject = replace(good, image=image, **TORCH)
        found = {
            result.name: result for one in scenarios(subject) for result in results(one, engine, subject)
        }
    assert found["accelerator torch"].status == "passed"
    assert found["accelerator torch"].detail == "13.0"
    assert found["driver-folder"].status == "passed", found["driver-folder"]
    if "nvidia" not in engine.runtimes():
        assert found["device"].status == "skipped"


NO_PYTHON = as_root("rm /opt/venv/bin/python")


@pytest.mark.parametrize(
    ("steps", "status", "said"),
    [
        (torch("13.0", 1), "passed", "torch sees 1"),
        (torch("13.0", 0), "failed", "no device visible to torch"),
        (framework("torch", "2.12.0", NO_LIBRARY), "failed", "torch: OSError: libcudart.so.13"),
        (framework("torch", "2.12.0", CRASH), "failed", "exit code"),
        (NO_PYTHON, "failed", "exit code 127"),
    ],
)
def test_a_device_that_the_framework_does_not_see_is_a_failure(
    site: Site, engine: Engine, steps: str, status: str, said: str
) -> None:
    """All is real but the device and its runtime: the option that would give one is left out."""

    def call(arguments: tuple[str, ...], text: str | None, seconds: float) -> CommandResult:
        if arguments[0] == "info":
            return CommandResult(0, '{"nvidia": {}}')
        return engine.call(tuple(word for word in arguments if word != "--gpus=all"), text, seconds)

    good = subject_of(site.loaded(), BASE, site.image(BASE), None, 60.0)
    with derived(engine, good.image, steps) as image:
        (result,) = device(Engine(call), replace(good, image=image, **TORCH))
    assert result.status == status, result
    assert said in result.detail


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["SIGINT", "SIGTERM"])
def test_whoever_is_interrupted_leaves_nothing_behind(
    site: Site, engine: Engine, number: signal.Signals
) -> None:
    """Nor does a scenario that waits start any more."""
    with derived(engine, site.image(LAB), lab("exec sleep 600")) as image:
        command = [sys.executable, "-m", "image_matrix", "-C", str(HOME), "--overlay", str(site.overlay)]
        checks = subprocess.Popen(
            [*command, "verify", LAB, "--image", image], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        deadline = time.monotonic() + 60
        while len(started(engine, image)) < 2 and checks.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        checks.send_signal(number)
        try:
            out, err = checks.communicate(timeout=60)
        finally:
            checks.kill()
        assert checks.returncode == 130, err
        assert b"Traceback" not in out + err
        assert started(engine, image) == []


def started(engine: Engine, image: str) -> list[str]:
    """Return the containers of an image, the ended ones too."""
    return engine.call(("ps", "--all", "--quiet", f"--filter=ancestor={image}"), None, 30.0).out.split()


@pytest.mark.parametrize("user", ["1000:0", "1000650000:0"])
@pytest.mark.parametrize("variant", [LAB, CODE])
def test_packages_can_be_installed_and_removed_by_any_user_of_group_0(
    site: Site, engine: Engine, user: str, variant: str
) -> None:
    script = (
        'find /opt/venv -type d ! -writable; pip uninstall --yes --quiet tornado && python -c "import tornado"; '
        "test -w /opt/venv/bin/pip && exit 9"
    )
    with engine.container(Spec(site.image(variant), user=user, command=("sh", "-c", script))) as container:
        assert container.wait(60.0) == 9, container.log()
        assert "No module named 'tornado'" in container.log()
        assert "\n/opt/venv" not in container.log()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "Nothing here survives a restart: no volume is mounted at /home/jovyan"),
        (("--volume=/home/jovyan",), "Only files in /home/jovyan survive a restart"),
        (("--volume=/home",), "Only files in /home/jovyan survive a restart"),
        (("--tmpfs=/home/jovyan:mode=1777",), "Nothing here survives a restart"),
    ],
)
def test_a_terminal_tells_what_survives_a_restart(
    site: Site, engine: Engine, options: tuple[str, ...], said: str
) -> None:
    """On a terminal only: the output of scripts stays theirs."""
    script = "bash -lc true; script --quiet --command 'bash -lc true' /dev/null"
    spec = Spec(site.image(BASE), command=("sh", "-c", script), devices=options)
    with engine.container(spec) as container:
        assert container.wait(30.0) == 0
        assert container.log().count(" a restart") == 1
        assert said in container.log()


def test_processes_of_others_are_left_alone_where_init_is_not_the_first_process(
    site: Site, engine: Engine
) -> None:
    """As in a pod that shares its processes: with an end of everybody, /init would end itself by the signal (143)."""
    with engine.container(Spec(site.image(BASE), devices=("--init",))) as container:
        deadline = time.monotonic() + 30
        while "waiting for a signal" not in container.log() and time.monotonic() < deadline:
            time.sleep(0.1)
        container.signal("TERM")
        assert container.wait(20.0) == 0


def test_a_signal_that_comes_before_anything_runs_counts(site: Site, engine: Engine) -> None:
    """The kernel keeps none for a first process that neither handles nor blocks it."""
    with derived(
        engine, site.image(BASE), as_root("sed -i '2i sleep 2' /usr/local/lib/image-matrix/prepare")
    ) as image:
        for number in ("TERM", "INT"):
            with engine.container(Spec(image)) as container:
                container.signal(number)
                assert container.wait(20.0) == 143, container.log()
        with engine.container(Spec(image, command=("grep", "SigBlk", "/proc/self/status"))) as container:
            assert container.wait(20.0) == 0
            assert f"SigBlk:\t{'0' * 16}" in container.log()


def test_services_never_run_as_root(site: Site, engine: Engine) -> None:
    for variant in (LAB, CODE):
        with engine.container(Spec(site.image(variant), user="0")) as container:
            ended(container, 77, "services never run as root")


@dataclass(frozen=True, slots=True)
class Mishap:
    """What befalls a container, its exit code and a word of its last lines."""

    name: str
    code: int
    said: str
    steps: str = ""
    volume: Volume = field(default_factory=Volume)

    def __str__(self) -> str:
        return self.name


INIT_SCRIPT = "/etc/cont-init.d/30-broken"
MISHAPS = (
    Mishap("broken-init-script", 3, "30-broken failed with exit code 3", script(INIT_SCRIPT, "exit 3")),
    Mishap("syntax-error-in-init-script", 2, "30-broken failed", script(INIT_SCRIPT, "if then")),
    Mishap("dying-service", 9, "service extra died", script("/etc/services.d/extra/run", "exit 9")),
    Mishap("full-volume", 73, "is full", volume=Volume(size="4k")),
    Mishap("home-of-another-user", 77, "not writable", volume=Volume(uid=4242, gid=4242, mode="755")),
)


@pytest.mark.parametrize("mishap", MISHAPS, ids=str)
def test_what_goes_wrong_ends_the_container_with_a_reason(site: Site, engine: Engine, mishap: Mishap) -> None:
    with derived(engine, site.image(LAB), mishap.steps) as image:
        spec = Spec(image, env={"NB_PREFIX": "/a"}, groups=(100,), volume=mishap.volume)
        with engine.container(spec) as container:
            assert container.wait(60.0) == mishap.code, container.log()
            assert mishap.said in "\n".join(container.log().splitlines()[-2:])


def test_jupyter_starts_in_a_home_that_the_first_session_filled(site: Site, engine: Engine) -> None:
    script = "mkdir ~/.ipython; cat /dev/zero >~/big; exec jupyter server list"
    spec = Spec(site.image(LAB), groups=(100,), volume=Volume(size="128k"), command=("sh", "-c", script))
    with engine.container(spec) as container:
        assert container.wait(60.0) == 0, container.log()
        assert "No space left" in container.log()


NO_PATHS = (
    "/a/../b",
    "/a b",
    "/a?b",
    "//evil.example/a",
    "/a%2e%2e",
    "/é",
    "/a\\b",
    "/$(id)",
    "/a;b",
    "/a\nb",
)


@pytest.mark.parametrize("prefix", NO_PATHS)
def test_a_prefix_that_is_no_path_is_refused(site: Site, engine: Engine, prefix: str) -> None:
    with engine.container(Spec(site.image(CODE), env={"NB_PREFIX": prefix})) as container:
        ended(container, 78, "NB_PREFIX is refused")


@pytest.mark.parametrize("prefix", ["/n/a.b", "/n/a+b"])
def test_jupyterlab_does_not_start_where_it_would_serve_outside_the_prefix(
    site: Site, engine: Engine, prefix: str
) -> None:
    """What stands beside it starts: a command, and code-server, whose nginx takes the prefix for what it is."""
    env = {"NB_PREFIX": prefix}
    with engine.container(Spec(site.image(LAB), env=env)) as container:
        ended(container, 78, "NB_PREFIX is refused")
    with engine.container(Spec(site.image(LAB), env=env, command=("true",))) as container:
        ended(container, 0, "")
    with engine.container(Spec(site.image(CODE), env=env)) as container:
        assert until(container, f"http://localhost:8888{prefix}/healthz") == "200"
        assert until(container, f"http://localhost:8888{prefix[:-2]}xb/healthz") == "404"


@pytest.mark.parametrize("variant", [LAB, CODE])
def test_cookies_of_a_whole_platform_fit_into_a_question(site: Site, engine: Engine, variant: str) -> None:
    page = {LAB: "api/status", CODE: "healthz"}[variant]
    cookies = ("--header", f"Cookie: all={'x' * 40_000}")
    with engine.container(Spec(site.image(variant), env={"NB_PREFIX": "/a"})) as container:
        assert until(container, f"http://localhost:8888/a/{page}", *cookies) == "200"
        assert until(container, "http://localhost:8888/a/api/kernels", *cookies) == "200"


def test_code_server_is_measured_by_its_own_process(site: Site, engine: Engine) -> None:
    script = "tr '\\0' ' ' </proc/$(cat /run/s6/code-server.pid /tmp/.s6/code-server.pid)/cmdline"
    with engine.container(Spec(site.image(CODE), env={"IMAGE_MATRIX_LOGIN": "none"})) as container:
        assert until(container, "http://localhost:8888/healthz") == "200"
        assert container.run("sh", "-c", script).out.startswith("/opt/code-server/lib/node ")


def until(container: Container, url: str, *more: str) -> str:
    """Return the status of a URL as soon as there is one that is not the proxy's (its backend may not listen yet)."""
    patient = ("--retry", "60", "--retry-delay", "1", "--retry-connrefused", "--retry-max-time", "60")
    done = container.run(
        "curl", *patient, "--silent", "--write-out", "\n%{http_code}", *more, url, seconds=90.0
    )
    return done.out.rpartition("\n")[2]


def ended(container: Container, code: int, said: str) -> None:
    assert container.wait(20.0) == code, container.log()
    assert said in container.log()
