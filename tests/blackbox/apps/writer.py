"""An app for the tests that writes numbered lines to its output, `RATE` a second, and `?lines=N` more at once.

Each line has the process id in front, and its time (Unix seconds) and `WIDTH` signs behind its number.
"""

import os
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

BEAT = 0.01
REST = "x" * int(os.environ.get("WIDTH", "60"))


class Writer:
    """Writes whole lines, one caller at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0

    def write(self, lines: int) -> None:
        """So many more."""
        with self._lock:
            numbers = range(self._number, self._number + lines)
            self._number += lines
            now = f"{time.time():.3f}"
            sys.stdout.write("".join(f"{os.getpid()} {number} {now} {REST}\n" for number in numbers))
            sys.stdout.flush()

    def run(self, rate: float) -> None:
        """Go on for ever."""
        began, written = time.monotonic(), 0
        while True:
            due = int((time.monotonic() - began) * rate) - written
            self.write(due)
            written += due
            time.sleep(BEAT)


writer = Writer()


class Handler(BaseHTTPRequestHandler):
    """Answers everything."""

    def do_GET(self) -> None:
        for lines in parse_qs(urlsplit(self.path).query).get("lines", ()):
            writer.write(int(lines))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Its output has nothing but its lines."""


if rate := float(os.environ.get("RATE", "0")):
    threading.Thread(target=writer.run, args=(rate,), daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
