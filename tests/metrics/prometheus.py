"""A real Prometheus that scrapes twice a second, in whatever network those are whom it scrapes."""

import contextlib
import http.client
import json
import math
import subprocess
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

import yaml

from tests.cluster.rig.network import Network
from tests.cluster.rig.until import until
from tests.cluster.torpor.asking import ask
from tests.metrics.queries import RULES
from tests.ports import own_port

START = 60.0
ANSWER = 30.0


class Prometheus:
    """One that runs."""

    def __init__(self, network: Network, address: tuple[str, int]) -> None:
        self._network = network
        self._address = address

    def query(self, expr: str) -> list[float]:
        """What a query says now, without the numbers that are none."""
        result = self._get(f"/api/v1/query?query={quote(expr, safe='')}")["result"]
        values = [float(series["value"][1]) for series in result]
        return [value for value in values if not math.isnan(value)]

    def broken_rules(self) -> list[str]:
        """Those that it could not evaluate, or has not yet."""
        groups = self._get("/api/v1/rules")["groups"]
        return [rule["name"] for group in groups for rule in group["rules"] if rule["health"] != "ok"]

    def answers(self) -> bool:
        """Whether it is up."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(self._network, self._address, "GET", "/-/ready", within=ANSWER)[0] == 200
        return False

    def until_said(self, queries: Mapping[str, str], within: float) -> None:
        """Wait until each of these has said something once."""
        missing = dict(queries)

        def look() -> bool:
            for name in [name for name, expr in missing.items() if self.query(expr)]:
                del missing[name]
            return not missing

        until(look, within, lambda: f"data for {missing}", beat=0.5)

    def _get(self, path: str) -> dict[str, list[dict[str, list[dict[str, str]]]]]:  # type: ignore[type-arg, unused-ignore]
        status, _, body = ask(self._network, self._address, "GET", path, within=ANSWER)
        assert status == 200, f"{path}: {body.decode(errors='replace')[:500]}"
        data = json.loads(body)["data"]
        assert isinstance(data, dict)
        return data


@contextlib.contextmanager
def prometheus(
    targets: Collection[tuple[str, int]], directory: Path, network: Network | None = None
) -> Iterator[Prometheus]:
    """One with the chart's rules, for the length of the block."""
    network = network or Network(None)
    address = ("127.0.0.1", own_port())
    scrape = {"job_name": "torpor", "static_configs": [{"targets": [f"{host}:{port}" for host, port in targets]}]}
    settings = {
        "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "1s"},
        "rule_files": [str(rules) for rules in RULES],
        "scrape_configs": [scrape],
    }
    file, log = directory / "prometheus.yml", directory / "prometheus.log"
    file.write_text(yaml.safe_dump(settings))
    with log.open("wb") as out:
        process = subprocess.Popen(
            [
                *(*network.prefix, "prometheus", f"--config.file={file}", "--log.level=warn"),
                *(f"--storage.tsdb.path={directory / 'series'}", f"--web.listen-address={address[0]}:{address[1]}"),
            ],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        running = Prometheus(network, address)
        until(running.answers, START, lambda: f"Prometheus: {log.read_text()} {process.poll()}")
        yield running
    finally:
        process.kill()
        process.wait()
