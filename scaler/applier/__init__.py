"""Applies manifests to a cluster, in sets: what left a set is deleted, and what sleeps goes on sleeping.

Manifests are data from outside. They are applied on the server's side, under a field manager of our own, as far as an
operator has allowed namespaces and kinds. A set lives in one namespace and is nowhere written down but on its objects.
"""
