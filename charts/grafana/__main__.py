"""`python -m charts.grafana` writes the dashboards to where the chart has them."""

from pathlib import Path

from charts.grafana.fleet import FLEET
from charts.grafana.one_app import ONE_APP
from charts.grafana.system import SYSTEM

DASHBOARDS = Path(__file__).parents[1] / "torpor" / "dashboards"
BOARDS = {"fleet.json": FLEET, "app.json": ONE_APP, "system.json": SYSTEM}


def main() -> None:
    """Write them all."""
    DASHBOARDS.mkdir(parents=True, exist_ok=True)
    for name, board in BOARDS.items():
        (DASHBOARDS / name).write_text(board.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
