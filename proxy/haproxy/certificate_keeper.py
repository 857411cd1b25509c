"""Keeps HAProxy's certificates as the directory has them, over its runtime socket: no reload, no connection is lost.

What is wrong with one file is said in words and costs only that one: what HAProxy has of it stays.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from pathlib import Path

from proxy.haproxy import crt_list, pem
from proxy.haproxy.certificates import CertificateReader, Found, Scan, scan
from proxy.haproxy.crt_list import LIST, Step
from proxy.haproxy.pem import Certificate
from proxy.haproxy.runtime import RuntimeSocket
from proxy.lanes import LaneError

logger = logging.getLogger(__name__)

INTERVAL = 5.0
"""Seconds between two looks at the directory."""
SPACING = 0.5
"""Seconds between two looks at the least, however often one is asked for."""
SHOWN = 10
"""Certificates of which a line is said at once; more are counted."""


class CertificateKeeper:
    """The certificates of one directory. Whoever runs HAProxy says when it comes up, as to the lane."""

    def __init__(self, runtime: RuntimeSocket, directory: Path, asked: asyncio.Event) -> None:
        """`asked` is set by whoever wants the directory to be looked at now."""
        self._runtime = runtime
        self._directory = directory
        self._asked = asked
        self._reader = CertificateReader(directory)
        self._scanned: Scan | None = None
        """What the directory was like when it was last read as a whole."""
        self._wanted: dict[str, Certificate] = {}
        """The last good one of each file."""
        self._served: dict[str, Certificate] | None = {}
        """What HAProxy has; None when that is not sure."""
        self._given: dict[str, Certificate] = {}
        self._lives = 0
        """How many times HAProxy has come up."""
        self._trouble: dict[str, str] = {}
        """What is wrong, by file; "" is the directory."""

    # For whoever runs HAProxy

    def contents(self) -> dict[str, str]:
        """The files for an HAProxy that is about to start; `is_up` follows. Raises OSError when there are none."""
        if not self._wanted:
            reasons = [_sentence(source, what) for source, what in self._trouble.items()]
            raise OSError(f"there is no certificate to serve: {'; '.join(reasons[:SHOWN])}")
        self._given = dict(self._wanted)
        return crt_list.files(self._given)

    def is_up(self, *, taken_over: bool = False) -> None:
        """HAProxy runs. One that was taken over from an earlier process may hold anything."""
        self._served = None if taken_over else self._given
        self._given = {}
        self._lives += 1
        if taken_over:
            self._asked.set()

    async def run(self) -> None:
        """Look at the directory every few seconds, and when asked, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(INTERVAL):
                    await self._asked.wait()
            except TimeoutError:
                await self.read()
            else:
                self._asked.clear()
                self._trouble = {}  # who asks wants to hear it again
                await self.read(anyway=True)
            if self._served != self._wanted:
                try:
                    await self._apply()
                except LaneError as error:
                    self._served = None
                    logger.warning("HAProxy's certificates are not up to date: %s", error)
            await asyncio.sleep(SPACING)

    async def read(self, *, anyway: bool = False) -> None:
        """Look at the directory, and read it when something has changed there, or `anyway`. What is wrong is logged."""
        try:
            before = await asyncio.to_thread(scan, self._directory)
            if before == self._scanned and not anyway:
                return
            found = await asyncio.to_thread(self._reader.read, before)
            self._scanned = before
            if await asyncio.to_thread(scan, self._directory) != before:
                self._scanned = None  # somebody is writing: what was read may be half of it
                if self._wanted:
                    return
        except OSError as error:
            self._scanned = None
            self._complain({"": str(error)})
            return
        self._take(found)

    def _take(self, found: list[Found]) -> None:
        good = {one.source: one.certificate for one in found if one.certificate is not None}
        trouble = {one.source: one.trouble for one in found if one.certificate is None}
        folders = tuple(source for source in trouble if source.endswith("/"))
        stay = {source: one for source, one in self._wanted.items() if source in trouble or source.startswith(folders)}
        if not stay | good:  # then no more is taken out either
            there = "; put there NAME.pem with chain and key, or NAME.crt and NAME.key" if not found else ""
            self._complain({"": f"{self._directory} holds no certificate that can be served{there}"} | trouble)
            return
        news = {source: one for source, one in good.items() if self._wanted.get(source) != one}
        gone = self._wanted.keys() - good.keys() - stay.keys()
        self._wanted = stay | good
        self._complain(trouble)
        _say(news, gone)

    def _complain(self, trouble: dict[str, str]) -> None:
        """Log what was not wrong before; while nothing is served, `contents` says it."""
        serving = bool(self._wanted) or self._served is None
        news = [source for source, what in trouble.items() if self._trouble.get(source) != what and serving]
        for source in news[:SHOWN]:
            stays = (
                source in self._wanted
                or source == ""
                or (source.endswith("/") and any(one.startswith(source) for one in self._wanted))
            )
            after = "; what was served before stays" if stays else ""
            logger.error("%s%s", _sentence(source, trouble[source]), after)
        if len(news) > SHOWN:
            logger.error("… and %d more certificates are not in order", len(news) - SHOWN)
        self._trouble = trouble

    async def _apply(self) -> None:
        """Tell HAProxy. Raises LaneError; what it then has is not sure."""
        if not self._wanted:
            return
        wanted, old, life = dict(self._wanted), self._served or {}, self._lives
        now = crt_list.holds(
            await self._runtime.ask("show ssl cert"), await self._runtime.ask(f"show ssl crt-list {LIST}")
        )
        default = crt_list.default_of(wanted)
        same = bool(old) and crt_list.default_of(old) == default
        sources = {crt_list.label(source): source for source in wanted}
        keep = {crt_list.label(source) for source in self._trouble if source}
        folders = tuple(one for one in keep if one.endswith("~"))
        refused: set[str] = set()

        def stays(name: str) -> bool:
            """Asked when all that is new has been told."""
            label = crt_list.label_of(name)
            return label in keep or label.startswith(folders) or sources.get(label) in refused

        for step in crt_list.steps(now, wanted, None if same else default, stays):
            if answer := await self._carry_out(step):
                refused.add(source := sources.get(crt_list.label_of(step.name), ""))
                logger.error("HAProxy does not take the certificate %s: %s", source or step.name, answer)
        if life != self._lives:
            raise LaneError("HAProxy was started anew meanwhile")
        for source in refused & wanted.keys():  # until the file changes
            if source in old:
                self._wanted[source] = old[source]
            else:
                del self._wanted[source]
        self._served = dict(self._wanted)

    async def _carry_out(self, step: Step) -> str:
        """Returns why HAProxy has refused it; nothing when it has not."""
        for command, expected in step.exchanges:
            answer = await self._runtime.ask(command)
            if not re.search(".*".join(expected), answer, re.DOTALL):
                for undo in step.undo:
                    await self._runtime.ask(undo)
                return " ".join(answer.split())[:300]
        return ""


def _sentence(source: str, what: str) -> str:
    return f"certificate {source} {what}" if source else what


def _say(news: dict[str, Certificate], gone: Iterable[str]) -> None:
    now = pem.now()
    for source, certificate in news.items():
        if doubt := certificate.doubt(now):
            logger.warning("certificate %s %s", source, doubt)
    for source, certificate in [*news.items()][:SHOWN]:
        names = ", ".join(certificate.names[:5]) + (", …" if len(certificate.names) > 5 else "")
        logger.info("certificate %s is for %s, until %s", source, names, f"{certificate.expires:%Y-%m-%d}")
    if len(news) > SHOWN:
        logger.info("… and %d more certificates", len(news) - SHOWN)
    if out := sorted(gone):
        more = f" and {len(out) - SHOWN} more" if len(out) > SHOWN else ""
        logger.info("no longer served: %s%s", ", ".join(out[:SHOWN]), more)
