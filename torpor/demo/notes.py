"""A notes app of the demo: a form, a list, and a database that Torpor has woken before it."""

import html
import http.client
import sys
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Notes</title>
<style>
  :root {{ color-scheme: light dark }}
  body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; padding: 0 1rem }}
  form {{ display: flex; gap: .5rem }}
  input {{ flex: 1 }}
  input, button {{ font: inherit; padding: .3rem .7rem }}
</style>
<h1>Notes</h1>
<form method="post">
  <input name="note" maxlength="500" autofocus required aria-label="A note"> <button>Keep</button>
</form>
<ul>{notes}</ul>
</html>
"""


def ask_database(method: str, body: str | None = None) -> str:
    """One request to the database, which is awake whenever this app is."""
    connection = http.client.HTTPConnection(Path("database.address").read_text(), timeout=5)
    try:
        connection.request(method, "/", None if body is None else body.encode())
        return connection.getresponse().read().decode()
    finally:
        connection.close()


class Notes(BaseHTTPRequestHandler):
    """The page, and what its form sends."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The notes, or just a word for the health check."""
        if self.path == "/healthz":
            self._answer(200, "well")
        else:
            notes = ask_database("GET").splitlines()
            self._answer(200, PAGE.format(notes="".join(f"<li>{html.escape(note)}</li>" for note in reversed(notes))))

    def do_POST(self) -> None:
        """Keep a note and show the list again."""
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if note := form.get("note", [""])[0].strip():
            ask_database("POST", note[:500])
        self._answer(303, "", ("Location", "/"))

    def _answer(self, status: int, text: str, *headers: tuple[str, str]) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Notes).serve_forever()
