"""Plain nginx as a reverse proxy: connections to the app are kept, its buffers hold an answer of the large load."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from bench.contenders.contender import Backends, Running, lacks, running
from bench.pinning import Cores

PROGRAM = "nginx"
_CONFIGURATION = """\
daemon off;
worker_processes {threads};
pid {directory}/pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {directory};
    proxy_temp_path {directory};
    keepalive_requests 1000000000;
    proxy_http_version 1.1;
    proxy_buffers 8 16k;
    upstream web {{
        server {backends.web[0]}:{backends.web[1]};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{web} backlog=4096;
        location / {{
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header Connection "";
            proxy_pass http://web;
        }}
    }}
    server {{
        listen 127.0.0.1:{echo} backlog=4096;
        location / {{
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header Connection upgrade;
            proxy_set_header Upgrade $http_upgrade;
            proxy_pass http://{backends.echo[0]}:{backends.echo[1]};
        }}
    }}
}}
"""


class PlainNginx:
    """As many workers as the others have threads."""

    name = "plain nginx"

    def missing(self) -> str:
        return lacks(PROGRAM, "nginx-light")

    @contextlib.contextmanager
    def start(self, backends: Backends, cores: Cores) -> Iterator[Running]:
        def configuration(directory: Path, web: int, echo: int) -> str:
            return _CONFIGURATION.format(
                threads=cores.threads, directory=directory, web=web, echo=echo, backends=backends
            )

        with running(configuration, lambda file: (PROGRAM, "-e", "stderr", "-c", str(file)), backends, cores) as up:
            yield up
