"""An app of the demo that starts as slowly as a big one, and says on its output what it does meanwhile."""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

STEPS = ("reading the configuration", "connecting to everything", "compiling templates", "warming caches")

PAGE = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A slow starter</title>
<style>
  :root { color-scheme: light dark }
  body { font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto; padding: 0 1rem }
</style>
<h1>Here I am</h1>
<p>This app takes seven seconds to start. You saw the waiting page, and it brought you here by itself.</p>
<p>Leave me alone for twenty seconds and I sleep again. <a href="/time">What time is it?</a></p>
</html>
"""


class Slow(BaseHTTPRequestHandler):
    """Quick once it runs."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The one page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(PAGE)))
        self.end_headers()
        self.wfile.write(PAGE)


if __name__ == "__main__":
    for step in STEPS:
        sys.stderr.write(f"{step} …\n")
        time.sleep(float(os.environ.get("SECONDS_TO_START", "7")) / len(STEPS))
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Slow).serve_forever()
