"""The demo's database: keeps lines of text in a file. GET answers all of them, POST adds one.

It says where it listens in `database.address`, since it has another port at every wake.
"""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LINES = Path("notes.txt")
ADDRESS = Path("database.address")


class Database(BaseHTTPRequestHandler):
    """One line is one record."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """All lines."""
        self._answer(LINES.read_bytes() if LINES.exists() else b"")

    def do_POST(self) -> None:
        """Add a line."""
        text = self.rfile.read(int(self.headers["Content-Length"])).replace(b"\n", b" ")
        with LINES.open("ab") as lines:
            lines.write(text + b"\n")
        self._answer(b"")

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    port = int(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", port), Database)
    ADDRESS.write_text(f"127.0.0.1:{port}")
    server.serve_forever()
