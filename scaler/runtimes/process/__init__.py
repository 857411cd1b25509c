"""Workloads that are processes on this machine (Linux: it takes prctl and /proc)."""

from scaler.runtimes.process.runtime import ProcessRuntime
from scaler.runtimes.process.workload import Workload

__all__ = ["ProcessRuntime", "Workload"]
