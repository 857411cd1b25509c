"""An API of the demo: tells the time, and for how long it has been awake."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STARTED = time.monotonic()


class Clock(BaseHTTPRequestHandler):
    """Answers every GET with JSON."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The time here."""
        now = {"time": time.strftime("%H:%M:%S"), "awake_for_seconds": round(time.monotonic() - STARTED, 1)}
        body = json.dumps(now).encode() + b"\n"
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Clock).serve_forever()
