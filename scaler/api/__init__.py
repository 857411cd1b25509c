"""How people and programs talk to the scaler: REST, server-sent events, the status page, and the proxies' link."""

from scaler.api.server import Api

__all__ = ["Api"]
