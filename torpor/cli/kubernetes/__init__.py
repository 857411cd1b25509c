"""The command line against a cluster: through the API server, as whoever the kubeconfig says we are.

Imported only once a cluster is to be asked: what it stands on takes most of a second.
"""
