"""Torpor with one of its engines, the app awake: a real `torpor up`, the backends apps of its torpor.yaml."""

import asyncio
import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.contenders.contender import Backends, Running, lacks
from bench.pinning import Cores
from bench.processes import descendants
from bench.torpor_up import ECHO_HOST, HOST, echo_app, quick_app, sleepers, torpor_up
from bench.visits import visit


class Torpor:
    """`apps` are configured in all, one of them awake."""

    def __init__(self, engine: str, *, apps: int = 1) -> None:
        self.engine = engine
        self.apps = apps

    @property
    def name(self) -> str:
        return f"Torpor/{self.engine}" + (f", {self.apps:,} apps" if self.apps > 1 else "")

    def missing(self) -> str:
        return lacks("haproxy", "haproxy") if self.engine == "haproxy" else ""

    @contextlib.contextmanager
    def start(self, backends: Backends, cores: Cores) -> Iterator[Running]:
        """The backends are not the others' very processes, since its apps are its own, but the same programs."""
        with tempfile.TemporaryDirectory(prefix="torpor-bench-") as directory:
            apps: dict[str, Any] = {
                "app": quick_app(Path(directory), prefix=cores.others),
                "echo": echo_app(prefix=cores.others),
                **sleepers(self.apps - 1),
            }
            with torpor_up(apps, engine=self.engine, prefix=cores.proxy) as torpor:
                for host in (HOST, ECHO_HOST):
                    answer = asyncio.run(visit(torpor.listen, "/", host=host))
                    if answer.status != 200:
                        raise RuntimeError(f"{host} does not wake: {answer.status} {answer.body!r}")
                own = tuple(torpor.pids.values())
                yield Running(torpor.listen, torpor.listen, own, tuple(descendants(torpor.pids["keeper"])))
