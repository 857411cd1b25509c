"""The Grafana dashboards, written in Python and kept as JSON in charts/torpor/dashboards."""
