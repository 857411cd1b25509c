"""What can start and stop workloads: one folder or file per kind."""
