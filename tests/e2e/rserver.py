#!/usr/bin/python3 -I
"""Stands in for RStudio Server, which only Posit has: takes its options and tells what it was asked with."""

import argparse
import base64
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

options = argparse.ArgumentParser()
options.add_argument("--www-address", required=True)
options.add_argument("--www-port", type=int, required=True)
options.add_argument("--server-user", required=True)
options.add_argument("--server-data-dir", type=Path, required=True)
options.add_argument("--rsession-path", type=Path, required=True)
given, _ = options.parse_known_args()
assert given.server_data_dir.is_dir()
assert given.rsession_path.is_file()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade") == "websocket":
            self.upgrade()
            return
        root = self.headers.get("X-RStudio-Root-Path", "none")
        body = f"RStudio {self.path} root={root} user={given.server_user}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def upgrade(self) -> None:
        told = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accepted = base64.b64encode(hashlib.sha1(told.encode(), usedforsecurity=False).digest()).decode()
        self.send_response(101)
        for name, value in {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accepted,
        }.items():
            self.send_header(name, value)
        self.end_headers()


with ThreadingHTTPServer((given.www_address, given.www_port), Handler) as server:
    server.serve_forever()
