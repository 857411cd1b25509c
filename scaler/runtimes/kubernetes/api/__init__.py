"""Talks to the API server of a cluster; the only place that knows the Kubernetes client.

Objects go in and out as plain JSON: the client's model classes are slow to import and slower to fill. Nothing here
decides anything about apps.
"""
