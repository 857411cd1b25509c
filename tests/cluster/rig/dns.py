"""The cluster's DNS, as small as tests need it: A records of Services, and NXDOMAIN for all else.

    python -m tests.cluster.rig.dns KUBECONFIG      answers on the node's address, over UDP and TCP

It asks the API server for each name, remembers nothing, and so is never behind.
"""

import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from tests.cluster.rig.api import Api, RefusedError, path
from tests.cluster.rig.network import Network
from tests.cluster.rig.place import DOMAIN, NODE_ADDRESS

PORT = 53
HEAD = struct.Struct(">HHHHHH")
RECORD = struct.Struct(">HHHIH")
A, INTERNET, TTL = 1, 1, 1
ANSWER = 0x8580  # a response, authoritative, recursion available (RFC 1035, 4.1.1)
NO_SUCH_NAME, FAILURE = 3, 2

type Lookup = Callable[[str], list[str] | None]


def reply(query: bytes, look_up: Lookup) -> bytes:
    """The answer to a query with one question; errors of any kind are the asker's."""
    number, flags, *_ = HEAD.unpack_from(query)
    labels, at = [], HEAD.size
    while length := query[at]:
        labels.append(query[at + 1 : at + 1 + length].decode("ascii"))
        at += 1 + length
    end = at + 5
    kind = int.from_bytes(query[at + 1 : at + 3], "big")
    try:
        found = look_up(".".join(labels).lower())
        code = NO_SUCH_NAME if found is None else 0
    except (OSError, RefusedError):
        found, code = None, FAILURE
    addresses = (found or []) if kind == A else []
    head = HEAD.pack(number, ANSWER | (flags & 0x0100) | code, 1, len(addresses), 0, 0)
    records = (RECORD.pack(0xC000 | HEAD.size, A, INTERNET, TTL, 4) + socket.inet_aton(each) for each in addresses)
    return head + query[HEAD.size : end] + b"".join(records)


def services(api: Api) -> Lookup:
    """The address of a Service, or of the ready pods of one without an address of its own."""

    def look_up(name: str) -> list[str] | None:
        service, _, rest = name.partition(".")
        namespace, _, domain = rest.partition(".")
        if domain != f"svc.{DOMAIN}":
            return None
        found = api.find(path("services", namespace, service))
        if found is None:
            return None
        address = found["spec"].get("clusterIP", "None")
        if address != "None":
            return [address]
        of_it = {"labelSelector": f"kubernetes.io/service-name={service}"}
        slices = api.get(path("endpointslices", namespace), **of_it)["items"]
        ends = [end for one in slices for end in one.get("endpoints") or ()]
        return [address for end in ends if end["conditions"].get("ready") for address in end["addresses"]]

    return look_up


def main(kubeconfig: str) -> None:
    """Answer until killed."""
    look_up = services(Api(Path(kubeconfig), Network(None)))

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, mine = self.request
            mine.sendto(reply(query, look_up), self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            answer = reply(self.rfile.read(int.from_bytes(self.rfile.read(2), "big")), look_up)
            self.wfile.write(len(answer).to_bytes(2, "big") + answer)

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    streams = socketserver.ThreadingTCPServer((NODE_ADDRESS, PORT), Stream)
    threading.Thread(target=streams.serve_forever, daemon=True).start()
    socketserver.ThreadingUDPServer((NODE_ADDRESS, PORT), Datagram).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
