import ssl

import pytest

from tests.certificates import Authority


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """A certificate by somebody whom nobody knows, for a name that nobody asked for."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(Authority().make("elsewhere.test").pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
