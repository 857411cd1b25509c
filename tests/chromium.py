"""Chromium for tests: Debian's own browser, driven over the DevTools protocol with aiohttp's WebSocket client.

    async with Chromium.start() as chromium, chromium.page(width=390, dark=True) as page:
        await page.open("http://notes.localhost:8080/")
        await page.wait("document.title === 'notes'")
        await page.click("button")
        await page.screenshot(path)

There is no task in the background: each call reads the socket until its own answer has come, and keeps what the
page said meanwhile (`page.complaints`). So it may be started in a fixture, and every await has a deadline.
"""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

PROGRAM = "chromium"
DEADLINE = 30.0
"""Seconds for a single step, unless told otherwise; generous, because test machines are busy."""
QUALITY = 50
"""Of a WebP, in percent."""

_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)

_STILL = """async find => {
  find().scrollIntoView({block: 'center', behavior: 'instant'});
  for (let before = ''; ;) {
    const {x, y, width, height} = find().getBoundingClientRect(), middle = [x + width / 2, y + height / 2];
    if (String(middle) === before) return middle;
    before = String(middle);
    for (const _ of [1, 2]) await new Promise(requestAnimationFrame);
  }
}"""
"""The middle of an element, once it has been there for two frames."""


class ChromiumError(Exception):
    """Chromium refused a command, or a script in the page threw."""


class Page:
    """A tab with cookies and storage of its own."""

    def __init__(self, chromium: "Chromium", target: str, session: str) -> None:
        self._chromium = chromium
        self._session = session
        self.target = target
        self.complaints: list[str] = []
        """Uncaught exceptions, console errors and blocked content, oldest first."""
        self.documents: list[tuple[int, str]] = []
        """Status and address of each document that was loaded, oldest first."""

    async def call(self, method: str, *, within: float = DEADLINE, **parameters: object) -> dict[str, Any]:
        """A DevTools command for this tab."""
        return await self._chromium.call(method, parameters, session=self._session, within=within)

    async def open(self, url: str, *, within: float = DEADLINE) -> None:
        """Navigate and wait until the document is there, whatever its status."""
        answer = await self.call("Page.navigate", url=url, within=within)
        if "errorText" in answer:
            raise ChromiumError(f"{url}: {answer['errorText']}")
        await self.wait("document.readyState === 'complete'", within=within)

    async def evaluate(self, expression: str, *, within: float = DEADLINE) -> Any:
        """The value of a JavaScript expression; a promise is awaited."""
        answer = await self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True, within=within
        )
        if thrown := answer.get("exceptionDetails"):
            raise ChromiumError(f"{expression}: {_thrown(thrown)}")
        return answer["result"].get("value")

    async def wait(self, condition: str, *, within: float = DEADLINE) -> None:
        """Wait until the expression is true, over reloads too. Fails the test with what the page shows instead."""
        problem = "it stayed false"
        try:
            async with asyncio.timeout(within):
                while True:
                    try:
                        if await self.evaluate(condition):
                            return
                        problem = "it stayed false"
                    except ChromiumError as error:  # between two documents there is nothing to ask
                        problem = str(error)
                    await asyncio.sleep(0.03)
        except TimeoutError:
            shown = await self.text()
            raise AssertionError(
                f"not within {within} s: {condition} ({problem})\nshown: {shown[:2000]}\ncomplaints: {self.complaints}"
            ) from None

    async def text(self) -> str:
        """What the page shows."""
        return str(await self.evaluate("document.body?.innerText ?? ''"))

    async def click(self, selector: str) -> None:
        """Press the mouse on the middle of the first element that matches, once it can be seen and keeps still."""
        chosen = json.dumps(selector)
        await self.wait(f"!!document.querySelector({chosen})?.checkVisibility({{visibilityProperty: true}})")
        x, y = await self.evaluate(f"({_STILL})(() => document.querySelector({chosen}))")
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    async def press(self, key: str) -> None:
        """Press one key: a character, or a name such as Tab, Enter, Escape."""
        text = {"Enter": "\r", "Tab": ""}.get(key, key if len(key) == 1 else "")
        code = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowUp": 38, "ArrowDown": 40}.get(key, 0)
        await self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        await self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def type(self, text: str) -> None:
        """Write into the element that has the focus."""
        await self.call("Input.insertText", text=text)

    async def screenshot(self, path: Path) -> None:
        """The whole page, as PNG or, by the file's name, as WebP."""
        kind = path.suffix.removeprefix(".")
        answer = await self.call("Page.captureScreenshot", format=kind, quality=QUALITY, captureBeyondViewport=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(answer["data"]))

    def note(self, method: str, said: dict[str, Any]) -> None:
        """Keep what Chromium tells of this tab."""
        match method:
            case "Runtime.exceptionThrown":
                self.complaints.append(_thrown(said["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "assert"):
                self.complaints.append(" ".join(str(argument.get("value", "")) for argument in said["args"]))
            case "Log.entryAdded" if said["entry"]["level"] == "error" and said["entry"]["source"] != "network":
                self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}".strip())
            case "Network.responseReceived" if said["type"] == "Document":
                self.documents.append((said["response"]["status"], said["response"]["url"]))


class Chromium:
    """A headless browser with a profile of its own, gone without a trace at the end of the block."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._turn = asyncio.Lock()
        self._pages: dict[str, Page] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, *flags: str) -> AsyncIterator[Self]:
        """A browser for the length of the block."""
        program = shutil.which(PROGRAM)
        if program is None:
            pytest.fail(f"{PROGRAM} is not installed; on Debian: apt-get install --no-install-recommends chromium")
        with tempfile.TemporaryDirectory(prefix="torpor-chromium-", ignore_cleanup_errors=True) as profile:
            process = await asyncio.create_subprocess_exec(
                program,
                *_FLAGS,
                *flags,
                f"--user-data-dir={profile}",
                "about:blank",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                url = await _devtools(process, Path(profile))
                async with aiohttp.ClientSession() as http, http.ws_connect(url, max_msg_size=0) as socket:
                    chromium = cls(socket)
                    yield chromium
                    with contextlib.suppress(ChromiumError, TimeoutError):
                        await chromium.call("Browser.close", {}, within=5)
            finally:
                await _end(process)

    @contextlib.asynccontextmanager
    async def page(
        self,
        *,
        width: int = 1200,
        height: int = 900,
        dark: bool = False,
        scripts: bool = True,
        reduced_motion: bool = False,
    ) -> AsyncIterator[Page]:
        """A tab for the length of the block; below a width of 600 it behaves as a phone does."""
        context = (await self.call("Target.createBrowserContext", {}))["browserContextId"]
        target = (await self.call("Target.createTarget", {"url": "about:blank", "browserContextId": context}))[
            "targetId"
        ]
        session = (await self.call("Target.attachToTarget", {"targetId": target, "flatten": True}))["sessionId"]
        page = self._pages[session] = Page(self, target, session)
        try:
            for domain in ("Page", "Runtime", "Log", "Network"):
                await page.call(f"{domain}.enable")
            await page.call(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=height,
                deviceScaleFactor=1,
                mobile=width < 600,
            )
            await page.call(
                "Emulation.setEmulatedMedia",
                features=[
                    {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                    {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
                ],
            )
            await page.call("Emulation.setScriptExecutionDisabled", value=not scripts)
            yield page
        finally:
            del self._pages[session]
            with contextlib.suppress(ChromiumError, TimeoutError):
                await self.call("Target.disposeBrowserContext", {"browserContextId": context})

    async def call(
        self, method: str, parameters: dict[str, object], *, session: str | None = None, within: float = DEADLINE
    ) -> dict[str, Any]:
        """A DevTools command and its result."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        async with asyncio.timeout(within), self._turn:
            await self._socket.send_json(message)
            while True:
                said = await self._hear()
                if said.get("id") == number:
                    break
        if "error" in said:
            raise ChromiumError(f"{method}: {said['error'].get('message')}")
        result: dict[str, Any] = said["result"]
        return result

    async def _hear(self) -> dict[str, Any]:
        received = await self._socket.receive()
        if received.type is not aiohttp.WSMsgType.TEXT:
            raise ChromiumError("Chromium has ended")
        said: dict[str, Any] = json.loads(received.data)
        if "method" in said and (page := self._pages.get(said.get("sessionId", ""))) is not None:
            page.note(said["method"], said["params"])
        return said


def _thrown(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])


async def _devtools(process: asyncio.subprocess.Process, profile: Path) -> str:
    """Where the browser listens, from the file that it writes once it does."""
    file = profile / "DevToolsActivePort"
    try:
        async with asyncio.timeout(DEADLINE):
            while True:
                if process.returncode is not None:
                    pytest.fail(f"{PROGRAM} ended at once with exit code {process.returncode}")
                lines = file.read_text().split() if file.exists() else []
                if len(lines) == 2:
                    return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
                await asyncio.sleep(0.03)
    except TimeoutError:
        pytest.fail(f"{PROGRAM} did not start within {DEADLINE} s")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Give the browser a moment to go by itself, then end its whole process group."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(5):
            await process.wait()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    async with asyncio.timeout(DEADLINE):
        await process.wait()
