"""A candidate for a Lease in a process of its own, so that it can be killed: says when it leads and when it does not.

It stands once it knows who leads. Each line is a word and a moment on the clock that all processes of a machine share.
"""

import asyncio
import signal
import sys
import time

from scaler.runtimes.kubernetes.api.access import Kubeconfig
from scaler.runtimes.kubernetes.api.cluster import Cluster
from scaler.runtimes.kubernetes.api.lease import Leadership, Reign


def say(word: str) -> None:
    sys.stdout.write(f"{word} {time.monotonic()}\n")
    sys.stdout.flush()


async def lead(_: Reign) -> None:
    say("leads")
    try:
        await asyncio.Event().wait()
    finally:
        say("stops")


async def main(kubeconfig: str, namespace: str, name: str, me: str) -> None:
    async with Cluster(Kubeconfig(kubeconfig)) as cluster, asyncio.TaskGroup() as group:
        leadership = Leadership(cluster, namespace, name, me)
        running = group.create_task(leadership.run(lead))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
        while not leadership.holder and not running.done():
            await asyncio.sleep(0.01)
        say("stands")


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
