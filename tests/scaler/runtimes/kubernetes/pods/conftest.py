import ssl
from collections.abc import Iterator

import pytest

from scaler.runtimes.process.ports import free_port
from tests.certificates import Authority


@pytest.fixture
def port() -> Iterator[int]:
    """One that nobody uses."""
    claim = free_port()
    yield claim.port
    claim.release()


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate by somebody whom nobody knows, for a name that nobody asked for."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(Authority().make("elsewhere.test").pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
