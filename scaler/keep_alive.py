"""Has the kernel ask after peers that say nothing, so that one that has gone without a word is noticed."""

import socket

from aiohttp import AddrInfoType


def ask_after(sock: socket.socket, silence: int) -> None:
    """After so many seconds of silence; whoever answers nothing, or takes nothing of what is sent, for as long again is
    cut off. Who answers may be silent for ever."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, silence)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, silence // 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2 * silence * 1000)


def asked_after(address: AddrInfoType, silence: int) -> socket.socket:
    """A new socket for an address as `getaddrinfo` has it, for a connection to be made."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    try:
        made.setblocking(False)
        ask_after(made, silence)
    except BaseException:
        made.close()
        raise
    return made
