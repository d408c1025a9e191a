"""A central system that is as small as can be, to hold the simulated chargers against."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
import itertools
import json
from typing import Any

from aiohttp import WSMsgType, web

from ..common import free_port

type Payload = dict[str, Any]
type Answer = Callable[[Payload], Payload]

PATIENCE_S = 90


async def until(condition: Callable[[], object], what: str = "") -> None:
    """Wait until the condition holds, however slow this machine is."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError as err:
        raise AssertionError(f"never happened: {what or condition}") from err


class Refused(Exception):
    """The charger answered with a CALLERROR."""


@dataclass
class Central:
    """Records what chargers say, answers, and asks."""

    answers: dict[str, Answer] = field(default_factory=dict)
    heard: list[tuple[str, str, Payload]] = field(default_factory=list)
    frames: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    sockets: dict[str, web.WebSocketResponse] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)  # actions that are not answered
    port: int = 0
    _runner: web.AppRunner | None = None
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _waiting: dict[str, asyncio.Future[Payload]] = field(default_factory=dict)
    _transactions: itertools.count[int] = field(
        default_factory=lambda: itertools.count(1)
    )

    def __post_init__(self) -> None:
        """Answer as a friendly central system does, unless a test says otherwise."""
        now = datetime.now(UTC).isoformat
        accepted = {"idTagInfo": {"status": "Accepted"}}
        friendly: dict[str, Answer] = {
            "Authorize": lambda _: accepted,
            "BootNotification": lambda _: {
                "status": "Accepted",
                "currentTime": now(),
                "interval": 300,
            },
            "DataTransfer": lambda _: {"status": "Accepted"},
            "Heartbeat": lambda _: {"currentTime": now()},
            "StartTransaction": lambda _: {
                **accepted,
                "transactionId": next(self._transactions),
            },
        }
        self.answers = friendly | self.answers

    @property
    def url(self) -> str:
        """The address that chargers add their identity to."""
        return f"ws://127.0.0.1:{self.port}/ocpp"

    async def start(self, port: int | None = None) -> None:
        """Listen on the loopback, on a port that is still free when it is started again."""
        app = web.Application()
        app.router.add_get("/ocpp/{identity}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1)
        await self._runner.setup()
        self.port = port or free_port()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def stop(self) -> None:
        """Go away."""
        for socket in tuple(self.sockets.values()):
            await socket.close()
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        identity = request.match_info["identity"]
        self.headers.append(dict(request.headers))
        socket = web.WebSocketResponse(protocols=("ocpp2.1", "ocpp2.0.1", "ocpp1.6"))
        await socket.prepare(request)
        self.sockets[identity] = socket
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self.frames.append(message.data)
                await self._receive(identity, socket, message.data)
        if self.sockets.get(identity) is socket:
            del self.sockets[identity]
        return socket

    async def _receive(
        self, identity: str, socket: web.WebSocketResponse, text: str
    ) -> None:
        try:
            frame = json.loads(text)
        except ValueError:
            return
        match frame:
            case [2, message_id, action, payload]:
                self.heard.append((identity, action, payload))
                if action in self.silent:
                    return
                answer = self.answers.get(action)
                try:
                    said = answer(payload) if answer else {}
                    await socket.send_json([3, message_id, said])
                except Refused as refused:
                    await socket.send_json([4, message_id, str(refused), "", {}])
            case [3, message_id, payload]:
                self._waiting[message_id].set_result(payload)
            case [4, message_id, code, *_]:
                self._waiting[message_id].set_exception(Refused(code))

    async def call(self, identity: str, action: str, **payload: Any) -> Payload:
        """Ask a charger."""
        message_id = f"c{next(self._ids)}"
        future = asyncio.get_running_loop().create_future()
        self._waiting[message_id] = future
        await self.sockets[identity].send_json([2, message_id, action, payload])
        async with asyncio.timeout(PATIENCE_S):
            answer: Payload = await future
        return answer

    def said(self, action: str, identity: str | None = None) -> list[Payload]:
        """Return every request of this action."""
        return [
            payload
            for who, what, payload in self.heard
            if what == action and identity in (None, who)
        ]
