"""Secrets with certificates, and who shows which."""

import base64
from typing import Any

from cryptography import x509

from tests.certificates import Authority, Made
from tests.cluster.rig.network import Network

WITHIN = 30.0


def secret(name: str, made: Made) -> dict[str, Any]:
    """As cert-manager and `kubectl create secret tls` make them."""
    data = {"tls.crt": made.crt, "tls.key": made.key}
    encoded = {key: base64.b64encode(value).decode() for key, value in data.items()}
    about = {"name": name}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": about, "type": "kubernetes.io/tls", "data": encoded}


def shown(network: Network, authority: Authority, address: tuple[str, int], host: str) -> int:
    """The serial number of the certificate that a visitor of this host is shown, and trusts."""
    with (
        network.connect(address, WITHIN) as connection,
        authority.client().wrap_socket(connection, server_hostname=host) as secured,
    ):
        told = secured.getpeercert(binary_form=True)
    assert told is not None
    return x509.load_der_x509_certificate(told).serial_number
