"""The runtime of a cluster: workloads behind a scale subresource, pods behind addresses."""
