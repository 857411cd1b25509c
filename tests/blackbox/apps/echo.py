"""An app for the tests that speaks WebSocket: sends back what it gets."""

import asyncio
import sys

from websockets.asyncio.server import ServerConnection, serve


async def echo(connection: ServerConnection) -> None:
    """Every message, until the other side has enough."""
    async for message in connection:
        await connection.send(message)


async def main() -> None:
    """Listen until somebody ends it."""
    async with serve(echo, "127.0.0.1", int(sys.argv[1]), max_size=None, ping_interval=None) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
