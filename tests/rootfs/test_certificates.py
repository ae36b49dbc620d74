"""Certificates of the place that runs a container: what is joined, what programs are told, what is said of others."""

from __future__ import annotations

import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.certificates import issue, needs_openssl, openssl

pytestmark = needs_openssl

ROOTFS = Path(__file__).parents[2] / "templates/rootfs/base"
PROGRAM = ROOTFS / "usr/local/lib/image-matrix/certificates.py"
INIT = ROOTFS / "etc/cont-init.d/12-certificates"
NOTHING = 3
MARK = "image-matrix: warning: certificates: "


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``ca.pem``, ``cert.pem`` and their keys."""
    folder = tmp_path_factory.mktemp("authority")
    issue(folder)
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "place"
    folder.mkdir()
    return folder


def join(place: Path, target: Path, bundle: Path | None = None) -> tuple[int, str]:
    """Run the program; its exit code and what it said."""
    command = [sys.executable, "-I", str(PROGRAM), str(place), str(bundle or "/nonexistent"), str(target)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def subjects(file: Path) -> list[str]:
    """The names of the certificates that OpenSSL finds in a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return [str(dict(entry[0] for entry in one["subject"])["commonName"]) for one in context.get_ca_certs()]  # type: ignore[misc]


def another(folder: Path, name: str) -> str:
    openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}")  # fmt: skip
    return (folder / f"{name}.pem").read_text()


def test_several_files_are_joined_with_the_distribution_s(
    authority: Path, place: Path, tmp_path: Path
) -> None:
    bundle, target = tmp_path / "bundle.crt", tmp_path / "joined.crt"
    bundle.write_text(another(tmp_path, "public").rstrip("\n"))
    (place / "a.crt").write_bytes((authority / "ca.pem").read_bytes())
    (place / "b.pem").write_text("Two of a company:\n" + another(tmp_path, "one") + another(tmp_path, "two"))
    assert join(place, target, bundle) == (0, "")
    assert sorted(subjects(target)) == ["authority", "one", "public", "two"]


def test_a_single_file_may_have_any_name(authority: Path, tmp_path: Path) -> None:
    target = tmp_path / "joined.crt"
    code, said = join(authority / "ca.pem", target)
    assert code == 0
    assert said.startswith(f"{MARK}/nonexistent can't be read: ")
    assert subjects(target) == ["authority"]


def test_a_private_key_is_not_copied(authority: Path, place: Path, tmp_path: Path) -> None:
    (place / "both.pem").write_text((authority / "ca.pem").read_text() + (authority / "ca.key").read_text())
    assert join(place, tmp_path / "joined.crt")[0] == 0
    assert "PRIVATE" not in (tmp_path / "joined.crt").read_text()


def test_lines_of_windows_are_understood(authority: Path, place: Path, tmp_path: Path) -> None:
    (place / "a.crt").write_bytes((authority / "ca.pem").read_bytes().replace(b"\n", b"\r\n"))
    assert join(place, tmp_path / "joined.crt")[0] == 0
    assert subjects(tmp_path / "joined.crt") == ["authority"]


def test_a_folder_of_kubernetes(authority: Path, place: Path, tmp_path: Path) -> None:
    """A volume of a ConfigMap has its files in a folder with a date, a link to that, and links to the files in it."""
    (place / "..2026_11_29").mkdir()
    (place / "..2026_11_29/a.crt").write_bytes((authority / "ca.pem").read_bytes())
    (place / "..data").symlink_to("..2026_11_29")
    (place / "a.crt").symlink_to("..data/a.crt")
    code, said = join(place, tmp_path / "joined.crt", authority / "cert.pem")
    assert (code, said) == (0, "")
    assert (tmp_path / "joined.crt").read_text().count("BEGIN CERTIFICATE") == 2


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.crt", b"\x30\x82\x01\x00\xff", "a.crt has no certificate in PEM form"),
        ("a.crt", b"", "a.crt has no certificate in PEM form"),
        ("a.crt", b"<html>Log in</html>", "a.crt has no certificate in PEM form"),
        ("a.crt", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a.crt has 1 of 1"),
        ("a.crt", b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n", "a.crt has 1 of 1"),
        ("ca.cer", b"text", "only *.crt and *.pem count in"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(
    place: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (place / name).write_bytes(content)
    code, output = join(place, tmp_path / "joined.crt")
    assert code == NOTHING
    assert output.startswith(MARK)
    assert output.count("\n") == 1
    assert said in output
    assert not (tmp_path / "joined.crt").exists()


def test_a_bad_file_keeps_no_good_one_out(authority: Path, place: Path, tmp_path: Path) -> None:
    (place / "a.crt").mkdir()
    (place / "b.crt").write_bytes((authority / "ca.pem").read_bytes())
    code, output = join(place, tmp_path / "joined.crt", authority / "cert.pem")
    assert (code, output) == (0, f"{MARK}{place}/a.crt can't be read: Is a directory\n")


def test_a_place_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, output = join(tmp_path / "gone", tmp_path / "joined.crt")
    assert (code, output) == (NOTHING, f"{MARK}{tmp_path}/gone can't be read: No such file or directory\n")


def test_a_target_that_cannot_be_written_is_no_failure(authority: Path, tmp_path: Path) -> None:
    code, output = join(authority / "ca.pem", tmp_path / "no/joined.crt", authority / "cert.pem")
    assert code == NOTHING
    assert output.startswith(f"{MARK}{tmp_path}/no/joined.crt can't be written: ")


def start(tmp_path: Path, authority: Path, **variables: str) -> tuple[dict[str, str], Path]:
    """Run the init script, which this place's own files stand in for; the variables that it set, and its run folder."""
    run = tmp_path / "run"
    (run / "container_environment").mkdir(parents=True)
    text = INIT.read_text().replace("/usr/local/lib/image-matrix", str(PROGRAM.parent))
    text = text.replace("/usr/bin/python3", sys.executable).replace("/etc/wgetrc", f"{tmp_path}/wgetrc")
    text = text.replace("/etc/ssl/certs/ca-certificates.crt", str(authority / "cert.pem"))
    text = text.replace("/etc/image-matrix/ca", f"{tmp_path}/nothing-mounted")
    environment = {"PATH": os.environ["PATH"], "IMAGE_MATRIX_RUN": str(run), **variables}
    subprocess.run(["sh", "-c", text], env=environment, check=True)
    return {path.name: path.read_text() for path in (run / "container_environment").iterdir()}, run


def test_programs_are_told_of_the_joined_file(tmp_path: Path, authority: Path) -> None:
    (tmp_path / "wgetrc").write_text("passive_ftp = on\n")
    found, run = start(tmp_path, authority, IMAGE_MATRIX_CA=str(authority / "ca.pem"))
    target = str(run / "ca-certificates.crt")
    names = set(re.findall(r"^ *name_to ([A-Z_]+)", INIT.read_text(), re.MULTILINE))
    assert {"SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "SYSTEM_WGETRC"} < names == set(found)
    assert {name for name, value in found.items() if value == target} == names - {"SYSTEM_WGETRC"}
    assert (run / "wgetrc").read_text() == f"passive_ftp = on\nca_certificate = {target}\n"


def test_what_the_platform_has_set_stays(tmp_path: Path, authority: Path) -> None:
    given = {"SSL_CERT_FILE": "/mine", "PIP_CERT": ""}
    found, _ = start(tmp_path, authority, IMAGE_MATRIX_CA=str(authority / "ca.pem"), **given)
    assert "REQUESTS_CA_BUNDLE" in found
    assert given.keys() & found.keys() == set()


@pytest.mark.parametrize("place", ["", "/nonexistent"])
def test_without_certificates_nothing_is_set(tmp_path: Path, authority: Path, place: str) -> None:
    found, run = start(tmp_path, authority, IMAGE_MATRIX_CA=place)
    assert found == {}
    assert [path.name for path in run.iterdir()] == ["container_environment"]
