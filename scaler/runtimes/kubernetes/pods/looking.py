"""Asks a pod one question, once. A kubelet's probe is the model, see `pkg/probe` in Kubernetes."""

import ssl
from functools import cache
from typing import NamedTuple
from urllib.parse import quote

from scaler.probing import grpchealth, httpget
from scaler.probing.connecting import REFUSED, connect
from scaler.runtimes.kubernetes.objects.probe import HttpGet
from scaler.runtimes.kubernetes.pods.question import Question

_REFUSED = REFUSED.lower()
_AS_IT_IS = "/?&=%:@!$'()*+,;~-._"


class Answer(NamedTuple):
    """What came of it."""

    good: bool
    listens: bool
    """Somebody is there, whatever is said."""
    words: str
    """`503`, `connection refused`, `nothing within 2s`."""

    @property
    def reached(self) -> bool:
        """The pod's network has answered, if only that nobody listens."""
        return self.listens or self.words == _REFUSED


async def look(question: Question, connecting: float, answering: float) -> Answer:
    """Ask. Both patiences in seconds: for a connection, and for an answer over it."""
    address, probe = question
    connection = await connect(address, connecting)
    if isinstance(connection, str):
        return Answer(False, False, connection.lower())
    with connection:
        if probe is None:
            return Answer(True, True, "connected")
        if not isinstance(probe, HttpGet):
            state = await grpchealth.check(connection, address, probe.service, answering)
            return Answer(state == grpchealth.SERVING, True, state)
        headers = ({"Host": probe.host} if probe.host else {}) | dict(probe.headers)
        request = httpget.question(address, quote(probe.path, safe=_AS_IT_IS), headers)
        status = await httpget.get(connection, request, answering, _tls() if probe.scheme == "https" else None)
        return Answer(isinstance(status, int) and 200 <= status < 400, True, str(status))


@cache
def _tls() -> ssl.SSLContext:
    return httpget.unchecked()
