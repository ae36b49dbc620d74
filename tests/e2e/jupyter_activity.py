"""Runs inside a container with JupyterLab, and does what its page does: save, terminal TEXT, end, kernel CODE."""

import asyncio
import http.client
import json
import sys
import uuid
from typing import Any

from tornado.websocket import websocket_connect

SERVER = "127.0.0.1:8888"


def cookie() -> str:
    connection = http.client.HTTPConnection(SERVER)
    connection.request("GET", "/lab")
    return str(connection.getresponse().headers).partition("_xsrf=")[2].partition(";")[0]


def ask(method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    connection, token = http.client.HTTPConnection(SERVER), cookie()
    headers = {"Cookie": f"_xsrf={token}", "X-XSRFToken": token}
    connection.request(method, path, json.dumps(body) if body else None, headers)
    answer = connection.getresponse()
    text = answer.read()
    assert answer.status < 300, text
    return json.loads(text) if text else None


async def terminal(text: str) -> None:
    link = await websocket_connect(
        f"ws://{SERVER}/terminals/websocket/{ask('POST', '/api/terminals')['name']}"
    )
    await link.write_message(json.dumps(["stdin", f"{text}\r"]))
    while text[:5] not in str(await link.read_message()):
        pass


async def kernel(code: str) -> None:
    link = await websocket_connect(f"ws://{SERVER}/api/kernels/{ask('POST', '/api/kernels')['id']}/channels")
    header = {"msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "", "version": "5.3",
              "msg_type": "execute_request"}  # fmt: skip
    content = {
        "code": code,
        "silent": False,
        "store_history": False,
        "user_expressions": {},
        "allow_stdin": False,
    }
    parts = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    await link.write_message(json.dumps(parts))
    while json.loads(str(await link.read_message()))["msg_type"] != "stream":
        pass


match sys.argv[1:]:
    case ["save"]:
        ask("PUT", "/api/contents/saved.txt", {"type": "file", "format": "text", "content": "x"})
    case ["terminal", text]:
        asyncio.run(asyncio.wait_for(terminal(text), 80))
    case ["kernel", code]:
        asyncio.run(asyncio.wait_for(kernel(code), 80))
    case ["end"]:
        for one in ask("GET", "/api/terminals"):
            ask("DELETE", f"/api/terminals/{one['name']}")
