"""A pod's readiness probe, as far as it can be asked from outside the pod."""

from dataclasses import dataclass

from scaler.runtimes.kubernetes.objects.reading import items, mapping, number, port, text

MAX_HEADERS = 64
MAX_TIMEOUT = 3_600


@dataclass(frozen=True, slots=True)
class HttpGet:
    """Ready when a GET answers 200 to 399."""

    port: int | str
    path: str = "/"
    scheme: str = "http"
    """`http` or `https`; a certificate is not checked, as the kubelet does not check it."""
    host: str = ""
    """Where to connect instead of the pod's own address, when set."""
    headers: tuple[tuple[str, str], ...] = ()
    timeout: int = 1
    """Seconds that an answer may take, at the least; so for the others."""


@dataclass(frozen=True, slots=True)
class TcpSocket:
    """Ready when the port accepts a connection."""

    port: int | str
    host: str = ""
    timeout: int = 1


@dataclass(frozen=True, slots=True)
class Grpc:
    """Ready when grpc.health.v1.Health/Check answers SERVING for the service."""

    port: int
    service: str = ""
    timeout: int = 1


@dataclass(frozen=True, slots=True)
class Exec:
    """Runs inside the pod: only the kubelet can tell, by the pod's Ready."""


type Probe = HttpGet | TcpSocket | Grpc | Exec


def read_probe(pod_spec: object) -> Probe | None:
    """The readiness probe of the first container that has one; None where none has, or where it makes no sense."""
    for container in items(mapping(pod_spec).get("containers")):
        probe = mapping(mapping(container).get("readinessProbe"))
        if probe:
            return _read(probe)
    return None


def _read(probe: object) -> Probe | None:
    source = mapping(probe)
    timeout = min(max(1, number(source.get("timeoutSeconds"), 1)), MAX_TIMEOUT)
    if "exec" in source:
        return Exec()
    if "httpGet" in source:
        get = mapping(source["httpGet"])
        where = port(get.get("port"))
        path = text(get.get("path")) or "/"
        if where is None:
            return None
        return HttpGet(
            where,
            path if path.startswith("/") else "/" + path,
            "https" if text(get.get("scheme")).upper() == "HTTPS" else "http",
            text(get.get("host")),
            _headers(get.get("httpHeaders")),
            timeout,
        )
    if "tcpSocket" in source:
        socket = mapping(source["tcpSocket"])
        where = port(socket.get("port"))
        return None if where is None else TcpSocket(where, text(socket.get("host")), timeout)
    if "grpc" in source:
        grpc = mapping(source["grpc"])
        where = port(grpc.get("port"))
        return Grpc(where, text(grpc.get("service")), timeout) if isinstance(where, int) else None
    return None


def _headers(value: object) -> tuple[tuple[str, str], ...]:
    pairs = ((text(mapping(entry).get("name")), text(mapping(entry).get("value"))) for entry in items(value))
    return tuple(pair for pair in pairs if pair[0] and "\n" not in "".join(pair) and "\r" not in "".join(pair))[
        :MAX_HEADERS
    ]
