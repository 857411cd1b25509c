"""The smallest bench, as its users run it; its figures are nobody's business here."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_wake_bench_measures_and_keeps_its_figures(tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    command = [sys.executable, "-m", "bench", "--quick", "--only", "wake", "--engine", "haproxy", "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    assert "haproxy, first byte, p50 with 1 held" in done.stdout
    assert "[2/2 " in done.stderr
    figures = json.loads(file.read_text())["benches"]["wake"]["figures"]["haproxy"]
    visitors = {held: [len(wake) for wake in seen["wakes"]] for held, seen in figures.items()}
    assert visitors == {"1": [1] * 5, "100": [100] * 3}
    assert [seen["failed"] for seen in figures.values()] == [0, 0]
