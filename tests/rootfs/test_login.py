"""Who asks for the login of a container: the platform in front, else the server, with a token that is its own."""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
from pathlib import Path

import pytest

ROOTFS = Path(__file__).parents[2] / "templates/rootfs"
LIB = "/usr/local/lib/image-matrix"
RANDOM = re.compile(r"[0-9a-f]{48}")
LEFT = re.compile(r"#(login|open|platform|prefix|ipv6)#$|@\w+@", flags=re.MULTILINE)
"""What of the template must not be in nginx's file."""
KUBEFLOW = {"NB_PREFIX": "/notebook/team/name"}
HUB = {"JUPYTERHUB_API_TOKEN": "x", "JUPYTERHUB_SERVICE_PREFIX": "/user/jo/"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The scripts of an image in another folder, where the one that stops a container says so, and no port is taken."""
    (tmp_path / "run/user").mkdir(parents=True)
    for path in (ROOTFS / f"base{LIB}").iterdir():
        if path.is_file() and path.suffix != ".pyc":
            (tmp_path / path.name).write_text(path.read_text().replace(LIB, str(tmp_path)))
    for name, script in (("stop", 'echo "$2" >&2\nexit "$1"'), ("port-taken", "exit 1")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


def run(place: Path, script: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "IMAGE_MATRIX_RUN": str(place / "run"), **variables}
    return subprocess.run(
        ["sh", "-eu", "-c", f". {place}/login.sh\n{script}", "sh", *words],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def token(place: Path, *password: str, **variables: str) -> str:
    """What the server asks for, and where it comes from."""
    done = run(place, 'login "$@"; printf "%s %s" "$login_token" "$login_from"', *password, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize("variables", [{}, {"NB_PREFIX": "/"}, {"NB_PREFIX": ""}, {"JUPYTER_TOKEN": ""}])
def test_alone_a_server_asks_for_a_token_of_this_start(place: Path, variables: dict[str, str]) -> None:
    first = token(place, **variables)
    assert RANDOM.fullmatch(first.strip())
    assert token(place, **variables) == first
    assert stat.S_IMODE((place / "run/user/token").stat().st_mode) == 0o600
    (place / "run/user/token").unlink()
    assert token(place, **variables) != first


@pytest.mark.parametrize("variables", [KUBEFLOW, HUB, {"IMAGE_MATRIX_LOGIN": "none"}])
def test_a_platform_in_front_or_the_word_none_leaves_the_login_out(
    place: Path, variables: dict[str, str]
) -> None:
    assert token(place, **variables).strip() == ""
    assert token(place, **variables, JUPYTER_TOKEN="mine") == "mine JUPYTER_TOKEN"


def test_a_token_or_password_that_is_set_counts(place: Path) -> None:
    file = place / "secret"
    for content in ("mine\n", "mine", "mine\nsecond line\n"):
        file.write_text(content)
        assert token(place, JUPYTER_TOKEN_FILE=str(file)) == "mine JUPYTER_TOKEN_FILE"
    assert token(place, "word") == "word PASSWORD"
    assert token(place, "word", JUPYTER_TOKEN="mine") == "mine JUPYTER_TOKEN"
    assert token(place, "word", **KUBEFLOW).strip() == "", "a PASSWORD may be another program's"
    assert not (place / "run/user/token").exists()


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"IMAGE_MATRIX_LOGIN": "off"}, "IMAGE_MATRIX_LOGIN is refused: write none"),
        ({"JUPYTER_TOKEN_FILE": "/nowhere"}, "JUPYTER_TOKEN_FILE is refused"),
        ({"JUPYTER_TOKEN_FILE": "/dev/null"}, "JUPYTER_TOKEN_FILE is refused"),
        ({"IMAGE_MATRIX_RUN": "/nowhere"}, "a token can't be written"),
    ],
)
def test_what_cannot_be_followed_stops_the_container(
    place: Path, variables: dict[str, str], said: str
) -> None:
    done = run(place, "login; echo goes on", **variables)
    assert (done.returncode, done.stdout) == (78, "")
    assert said in done.stderr


ANNOUNCED = 'login_token=$1 login_from=$2; announce_when_listening "$3" "$4"'


def test_how_users_get_in_is_said_when_the_server_listens(place: Path) -> None:
    page = "http://127.0.0.1:8888/a/lab"
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = str(listening.getsockname()[1])
        for words, said in (
            (("0a1b", ""), f"image-matrix: open {page}?token=0a1b\n"),
            (("mine", "JUPYTER_TOKEN"), f"image-matrix: {page} asks for the value of JUPYTER_TOKEN\n"),
            (("", ""), f"image-matrix: warning: {page} asks for no login, since"),
        ):
            assert run(place, ANNOUNCED, *words, "/a/lab", port).stdout.startswith(said)


def test_a_server_listens_on_a_port_or_a_socket(place: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        assert run(place, f"listens {port}").returncode == 0
        assert run(place, f"listens 127.0.0.1:{port}").returncode == 0
    assert run(place, f"listens {port}").returncode != 0
    with socket.socket(socket.AF_UNIX) as server:
        assert run(place, f"listens unix:{place}/socket").returncode != 0
        server.bind(f"{place}/socket")
        assert run(place, f"listens unix:{place}/socket").returncode == 0


def nginx_conf(place: Path, **variables: str) -> str:
    """The file that nginx is started with, below a prefix or alone."""
    programs = place / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "nginx").write_text("#!/bin/sh\n")
    (programs / "nginx").chmod(0o755)
    environment = {"IMAGE_MATRIX_RUN": f"{place}/run", **variables}
    environment["PATH"] = f"{programs}:{os.environ['PATH']}"
    with socket.socket(socket.AF_UNIX) as backend:  # what announces the login waits for it
        backend.bind(f"{place}/run/ide.sock")
        command = ["sh", f"{place}/proxy", f"unix:{place}/run/ide.sock"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
    file = place / "run/nginx/nginx.conf"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file.read_text()


@pytest.mark.parametrize("variables", [KUBEFLOW, {"IMAGE_MATRIX_LOGIN": "none"}])
def test_nginx_asks_for_nothing_where_nothing_is_asked_for(place: Path, variables: dict[str, str]) -> None:
    text = nginx_conf(place, **variables)
    assert "403" not in text
    assert "map '' $logged_in { default 1; }\n" in text
    assert ("Allow-Origin *" in text) == (variables is KUBEFLOW)
    assert not LEFT.search(text.partition("daemon off")[2])


def test_nginx_compares_what_browsers_send_with_the_token(place: Path) -> None:
    text = nginx_conf(place, JUPYTER_TOKEN="a.b-c_D")
    assert r'map $arg_token $token_in_address { "~^a\.b-c_D$" 1; default 0; }' in text
    assert "Allow-Origin *" not in text
    assert "return 403" in text
    assert not LEFT.search(text.partition("daemon off")[2])


@pytest.mark.parametrize("secret", ["a b", "a+b", "ä", "a\nb", 'a"b', "a$b", "a;b"])
def test_nginx_takes_no_token_that_browsers_write_in_other_ways(place: Path, secret: str) -> None:
    environment = {"PATH": os.environ["PATH"], "IMAGE_MATRIX_RUN": f"{place}/run", "PASSWORD": secret}
    done = subprocess.run(["sh", f"{place}/proxy", "x"], env=environment, capture_output=True, text=True)
    assert done.returncode == 78
    assert done.stderr == "PASSWORD is refused: only letters, digits and ._- may be in it\n"
