"""An answer of the API server whose body comes in pieces, with a deadline on every wait for the next one."""

import asyncio
from collections.abc import AsyncIterator, Mapping

import aiohttp

from scaler.runtimes.kubernetes.api.errors import ApiError, Unreachable

MOST = 32 * 1024 * 1024
"""Bytes of an answer that is read as a whole."""


class TooLarge(ApiError):  # noqa: N818 - reads as what happened
    """An answer of more than `MOST` bytes; asking for less at a time may help."""

    def __init__(self, message: str) -> None:
        super().__init__(0, "TooLarge", message)


class Silent(Unreachable):
    """Nothing has come for a while: whoever is there has nothing to say, or nobody is there any more."""


class Stream:
    """The head of an answer, and its body as it comes."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The answer's headers; names in any case."""
        return self._response.headers

    async def chunks(self, silence: float | None = None) -> AsyncIterator[bytes]:
        """The body in pieces as they come. Raises Silent when none comes for `silence` seconds (None: wait for ever; a
        peer that is gone is noticed all the same), and Unreachable when the connection breaks."""
        while True:
            try:
                async with asyncio.timeout(silence):
                    piece = await self._response.content.readany()
            except TimeoutError:
                raise Silent(f"the API server has said nothing for {silence:g}s", sent=True) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise Unreachable(f"the API server broke off: {error}", sent=True) from None
            if not piece:
                return
            yield piece

    async def body(self, most: int = MOST) -> bytes:
        """All of it. Raises TooLarge, Unreachable."""
        whole = bytearray()
        async for piece in self.chunks():
            whole += piece
            if len(whole) > most:
                raise TooLarge(f"the API server's answer has more than {most} bytes")
        return bytes(whole)
