from __future__ import annotations

from typing import Any

import pytest

from image_matrix.verify import contract

ALL = "0.0.0.0"  # noqa: S104 - what is found, not what is bound
GOOD: dict[str, Any] = {
    "uid": 1000,
    "gid": 0,
    "groups": [0, 100],
    "user": "jovyan",
    "home": "/home/jovyan",
    "processes": [
        {"pid": 1, "name": "s6-svscan", "state": "S", "parent": 0, "uid": 1000},
        {"pid": 9, "name": "jupyter-lab", "state": "S", "parent": 1, "uid": 1000},
    ],
    "listening": [
        {"protocol": "tcp", "address": ALL, "port": 8888},
        {"protocol": "tcp6", "address": "::", "port": 8888},
        {"protocol": "tcp", "address": "127.0.0.1", "port": 40001},
        {"protocol": "udp", "address": "127.0.0.11", "port": 40002},
    ],
}
ROOT = {"pid": 5, "name": "sshd", "state": "S", "parent": 1, "uid": 0}
PAGE: dict[str, Any] = {
    "status": 200,
    "headers": {"access-control-allow-origin": "*"},
    "body": "[]",
    "location": "",
    "hops": ["/p/"],
    "seconds": 1.0,
    "error": "",
}


def facts(**changed: Any) -> dict[str, Any]:
    return {**GOOD, **changed}


def page(**changed: Any) -> dict[str, Any]:
    return {**PAGE, **changed}


def test_a_good_container_has_no_problems() -> None:
    assert not contract.user(GOOD)
    assert not contract.uid(GOOD)
    assert not contract.gid(GOOD, 100)
    assert not contract.home(GOOD)
    assert not contract.first_process(GOOD)
    assert not contract.ports(GOOD, [8888])
    assert not contract.page(PAGE, "/p/")
    assert not contract.cors(PAGE)


@pytest.mark.parametrize(
    ("problem", "said"),
    [
        (contract.user(facts(user="ubuntu")), "ubuntu, not jovyan"),
        (contract.user(facts(user="")), "nameless"),
        (contract.uid(facts(uid=10001)), "10001, not 1000"),
        (contract.uid(facts(processes=[*GOOD["processes"], ROOT])), "sshd (5)"),
        (contract.gid(facts(gid=1000), 100), "1000, not 0"),
        (contract.gid(facts(groups=[0]), 100), "100 is not among"),
        (contract.home(facts(home="/root")), "/root"),
        (contract.home(facts(home="")), "not set"),
        (contract.first_process(facts(processes=[{**GOOD["processes"][0], "name": "bash"}])), "a shell"),
        (contract.first_process(facts(processes=[])), "process 1 does not exist"),
    ],
)
def test_who_runs(problem: str, said: str) -> None:
    assert said in problem


def socket(port: int, address: str = ALL, protocol: str = "tcp") -> dict[str, Any]:
    return {"protocol": protocol, "address": address, "port": port}


@pytest.mark.parametrize(
    ("listening", "said"),
    [
        ([socket(8888), socket(22)], f"22/tcp on {ALL}"),
        ([socket(8888), socket(8888, "::", "udp6")], "8888/udp"),
        ([socket(8888, "127.0.0.1")], "not listening on every address: 8888"),
        ([socket(8888, "172.17.0.2")], "not listening on every address: 8888"),
        ([], "not listening"),
    ],
)
def test_ports(listening: list[dict[str, Any]], said: str) -> None:
    assert said in contract.ports(facts(listening=listening), [8888])


def test_an_image_that_serves_nothing_may_not_listen() -> None:
    assert not contract.ports(facts(listening=[]), [])
    assert "8888" in contract.ports(GOOD, [])


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            page(status=0, error="ConnectionRefusedError: refused", seconds=60.0),
            "no answer on /p/ within 60 s",
        ),
        (page(status=404), "answers 404"),
        (page(status=302, location="/login"), "redirects to /login, outside the prefix"),
        (page(status=302, location="http://elsewhere.example/p/"), "outside the prefix"),
        (page(status=404, hops=["/p/", "/p/lab"]), "/p/ → /p/lab"),
        (page(status=500), "answers 500"),
    ],
)
def test_pages(answer: dict[str, Any], said: str) -> None:
    assert said in contract.page(answer, "/p/")


def test_the_cors_header() -> None:
    assert "not sent" in contract.cors(page(headers={}))
    assert "https://one.example" in contract.cors(
        page(headers={"access-control-allow-origin": "https://one.example"})
    )


LOGIN_PAGE = page(headers={}, hops=["/", "/lab", "/login?next=%2Flab"])
"""What JupyterLab answers without its token, after its redirects."""
FORBIDDEN = page(status=403, headers={})


@pytest.mark.parametrize("answer", [LOGIN_PAGE, FORBIDDEN, page(status=401, headers={})])
def test_a_stranger_is_kept_away_where_no_platform_stands_in_front(answer: dict[str, Any]) -> None:
    assert contract.kept_away(answer)
    assert not contract.let_in(answer)
    assert not contract.alone(answer, "0a1b")
    assert "no line `image-matrix: open" in contract.alone(answer, "")
    read = {**answer, "headers": {"access-control-allow-origin": "*"}}
    assert "pages elsewhere may read it" in contract.alone(read, "0a1b")


@pytest.mark.parametrize(
    ("answer", "said"),
    [(page(), "/ answers without a login"), (page(status=502), "answers 502 without the token")],
)
def test_a_page_for_everybody_is_a_problem(answer: dict[str, Any], said: str) -> None:
    assert said in contract.alone(answer, "0a1b")


@pytest.mark.parametrize("status", [200, 204])
def test_nothing_is_served_outside_the_prefix(status: int) -> None:
    assert "answers" in contract.outside(page(status=status), "/", "/p/")
    assert not contract.outside(page(status=404), "/", "/p/")


@pytest.mark.parametrize("location", ["/p/", "/p", "p/lab", "/p/lab?a=1", "http://notebooks.example.org/p/"])
def test_a_redirect_into_the_prefix_is_no_page(location: str) -> None:
    assert not contract.outside(page(status=302, location=location), "/", "/p/")


@pytest.mark.parametrize(
    "location", ["/lab", "/p2/", "http://elsewhere.example/p/", "//elsewhere.example/p/", ""]
)
def test_a_redirect_that_stays_outside_the_prefix_is_one(location: str) -> None:
    assert "redirects to" in contract.outside(page(status=302, location=location), "/", "/p/")


def test_websockets() -> None:
    answer = page(status=101, accepted=True)
    assert not contract.websocket(answer, "/p/ws")
    assert "another request" in contract.websocket({**answer, "accepted": False}, "/p/ws")
    assert "request with 400" in contract.websocket({**answer, "status": 400}, "/p/ws")
    assert "reset" in contract.websocket({**answer, "status": 0, "error": "reset"}, "/p/ws")


def test_the_volume() -> None:
    good = {"written": "", "missing": [], "group": [], "stopping": False}
    assert not contract.volume(good)
    assert "read-only" in contract.volume({**good, "written": "read-only"})
    assert "init script failed" in contract.volume({**good, "stopping": True})
    assert ".bashrc" in contract.volume({**good, "missing": [".bashrc"]})
    assert ".profile" in contract.volume({**good, "group": [".profile"]})


def test_ends() -> None:
    assert not contract.ended(0, 0.3, (0,), 10)
    assert "still running 10 s later" in contract.ended(None, 10, (0,), 10)
    assert "137" in contract.ended(137, 7.2, (0,), 10)


def test_refusals() -> None:
    assert not contract.refused(78, "start\nimage-matrix: NB_PREFIX is refused: ..", "/..")
    assert "keeps running" in contract.refused(None, "", "/..")
    assert "ends with exit code 0" in contract.refused(0, "NB_PREFIX", "/..")
    assert "do not mention NB_PREFIX" in contract.refused(1, "NB_PREFIX\na\nb\nc\n", "/..")


def test_zombies() -> None:
    assert not contract.zombies({"zombies": []})
    assert "sh" in contract.zombies({"zombies": ["sh"]})


def test_the_hub() -> None:
    assert not contract.sent_to_login(page(status=302, location="/hub/api/oauth2/authorize?x"))
    assert contract.sent_to_login(page(status=200))
    assert contract.sent_to_login(page(status=302, location="/login"))


LAB = ["/hub/login", "/user/jo/lab", "/hub/api/oauth2/authorize", "/user/jo/oauth_callback", "/user/jo/lab"]


def arrival(**changed: Any) -> dict[str, Any]:
    cookies = {"jupyterhub-session-id": "/", "jupyterhub-user-jo": "/user/jo/"}
    return {"status": 200, "error": "", "hops": LAB, "cookies": cookies, **changed}


def test_a_user_gets_in_by_the_hub_s_login() -> None:
    assert not contract.entered(arrival(), "/user/jo/")
    assert "timed out" in contract.entered(arrival(status=0, error="timed out"), "/user/jo/")
    assert "/user/jo/lab answers 500" in contract.entered(arrival(status=500), "/user/jo/")
    assert "/hub/spawn" in contract.entered(arrival(hops=["/hub/spawn"]), "/user/jo/")


def test_another_user_of_the_hub_does_not() -> None:
    assert not contract.kept_out(arrival(status=403, hops=LAB[:3]))
    assert "200 from /user/jo/lab" in contract.kept_out(arrival())


def test_a_login_is_for_one_server() -> None:
    assert not contract.cookies(arrival(), "/user/jo/")
    assert "jupyterhub-user-jo (/)" in contract.cookies(
        arrival(cookies={"jupyterhub-user-jo": "/"}), "/user/jo/"
    )
    assert contract.cookies(arrival(cookies={}), "/user/jo/")


def test_a_server_tells_that_it_is_used() -> None:
    told = "[I JupyterHub log:192] {} POST /hub/api/users/jo/activity ({}@127.0.0.1) 9.31ms"
    assert not contract.activity(told.format(200, "jo"), "jo")
    assert contract.activity(told.format(403, ""), "jo")
    assert contract.activity(told.format(200, "someone"), "jo")


def test_what_a_build_left() -> None:
    home = "hello\n@home /home/jovyan\n"
    assert not contract.left(home)
    assert (
        contract.left(f"{home}@left /home/jovyan/a\n")
        == "1 path of another user in the image's home: /home/jovyan/a"
    )
    assert "2 paths" in contract.left(f"{home}@left /home/jovyan/.cache\n@left /home/jovyan/.cache/uv\n")


def test_another_home_or_none_is_no_clean_one() -> None:
    assert "/root, not /home/jovyan" in contract.left("@home /root\n")
    assert "missing" in contract.left("hello\n")


def test_a_command_under_init() -> None:
    assert not contract.under_init("start\n@init s6-svscan /run/s6\n")
    assert "process 1 is sh" in contract.under_init("@init sh \n")
    assert "IMAGE_MATRIX_RUN" in contract.under_init("@init s6-svscan \n")
    assert "process 1 is unknown" in contract.under_init("")


@pytest.mark.parametrize("address", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
def test_loopback(address: str) -> None:
    assert contract.loopback(address)
    assert not contract.loopback("10.0.0.1")
