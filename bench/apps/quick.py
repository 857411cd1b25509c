"""The app behind the quick contenders: nginx with answers made beforehand, one process without a master.

`python -m bench.apps.quick DIRECTORY PORT` becomes that nginx; its files stay in the directory, which is its
starter's. `/large` is 50 KB, all other paths are a few bytes. See gate.py for GATE.
"""

import os
import sys
from pathlib import Path

from bench.apps.gate import wait_at_gate

PROGRAM = "nginx"
LARGE = 50_000
HELLO = "hello"

_CONFIGURATION = """\
daemon off;
master_process off;
pid {directory}/{port}.pid;
error_log stderr crit;
worker_rlimit_nofile 20000;
events {{ worker_connections 12000; multi_accept on; accept_mutex off; }}
http {{
    access_log off;
    default_type text/plain;
    keepalive_requests 1000000000;
    client_body_temp_path {directory};
    sendfile on;
    tcp_nopush on;
    open_file_cache max=10;
    server {{
        listen 127.0.0.1:{port} backlog=4096 deferred;
        location / {{ return 200 "{hello}"; }}
        location = /large {{ alias {directory}/large; }}
    }}
}}
"""


def main(directory: Path, port: int) -> None:
    """Write the files and become nginx."""
    (directory / "large").write_bytes(b"x" * LARGE)
    file = directory / f"{port}.conf"
    file.write_text(_CONFIGURATION.format(directory=directory, port=port, hello=HELLO))
    wait_at_gate()
    os.execvp(PROGRAM, [PROGRAM, "-e", "stderr", "-c", str(file)])  # noqa: S606 - it takes our place


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
