"""The port that chargers connect to."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
import logging
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from .clock import utcnow
from .link import Link
from .model import StationConfig, StationState
from .schemas import Schemas, load_all
from .station import Station
from .timing import Timing
from .v16 import Adapter16

_LOGGER = logging.getLogger(__name__)

# Newest first. A station that offers no sub-protocol gets 1.6.
_VERSIONS = {"ocpp1.6": "1.6"}
_DEFAULT = "ocpp1.6"
MAX_MESSAGE_BYTES = 256 * 1024
MAX_PENDING = 32
MAX_IDENTITY = 64
_CLOSE_S = 2.0
_TEXT = "This is Sunfuse. Chargers connect here with OCPP over WebSocket.\n"


class CentralSystem:
    """Hosts charging stations: those that the user accepted, and those that wait for it."""

    def __init__(
        self, *, now: Callable[[], datetime] = utcnow, timing: Timing | None = None
    ) -> None:
        """Take the time from `now`; nothing listens yet."""
        self._now = now
        self._timing = timing or Timing()
        self._stations: dict[str, Station] = {}
        self._waiting: dict[str, Station] = {}
        self._names: dict[str, str] = {}  # accepted identities, by their folded form
        self._listeners: list[Callable[[StationState], None]] = []
        self._links: dict[Station, Link] = {}
        self._schemas: dict[str, Schemas] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port that is listened on; 0 while nothing listens."""
        return self._port

    @property
    def stations(self) -> Mapping[str, Station]:
        """The accepted stations by identity, connected or not."""
        return MappingProxyType(self._stations)

    @property
    def pending(self) -> Mapping[str, StationState]:
        """The stations that are connected and not known."""
        return {identity: s.state for identity, s in self._waiting.items()}

    def subscribe(self, listener: Callable[[StationState], None]) -> Callable[[], None]:
        """Call `listener` on every change of any station; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def _changed(self, state: StationState) -> None:
        for listener in tuple(self._listeners):
            listener(state)

    async def start(self, host: str | None, port: int) -> None:
        """Listen on a port (0: any that is free) of a host (None: all of them).

        Raises:
            OSError: the port is taken.

        """
        if not self._schemas:
            loop = asyncio.get_running_loop()
            self._schemas = await loop.run_in_executor(None, load_all)
        app = web.Application()
        app.router.add_get("/{path:.*}", self._connect)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        runner, self._runner, self._port = self._runner, None, 0
        closing = [link.close(1001, "Going away") for link in self._links.values()]
        await asyncio.gather(*closing, *self._tasks)
        if runner is not None:
            await runner.cleanup()

    def accept(self, config: StationConfig) -> None:
        """Let a station in, now or whenever it comes; or take in a changed configuration."""
        folded = config.identity.casefold()
        name = self._names.setdefault(folded, config.identity)
        station = self._stations.get(name)
        waiting = next((w for w in self._waiting if w.casefold() == folded), None)
        if station is None:
            station = self._new_station(config, accepted=True)
            if waiting is not None:
                station = self._waiting.pop(waiting)
            self._stations[name] = station
        station.accept(config)
        if waiting is not None and station.adapter is not None:
            station.adapter.link.spawn(station.adapter.ask_to_boot())

    def forget(self, identity: str) -> None:
        """Know a station no longer; if it is connected, it is sent away and may come back as pending."""
        folded = identity.casefold()
        station = self._stations.pop(self._names.pop(folded, identity), None)
        if station is None or (link := self._links.get(station)) is None:
            return
        station.forget()
        self._beside(link.close(1008, "Forgotten"))

    def _beside(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _new_station(self, config: StationConfig, *, accepted: bool) -> Station:
        return Station(
            config,
            accepted=accepted,
            now=self._now,
            timing=self._timing,
            changed=self._changed,
        )

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        identity = identity_of(request.rel_url.raw_path)
        if identity is None:
            return web.Response(status=404, text=_TEXT)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(
                status=426, text=_TEXT, headers={"Upgrade": "websocket"}
            )
        station = self._station_for(identity)
        if station is None:
            return web.Response(status=503, text="Too many unknown chargers\n")
        protocol, offered = negotiate(
            ",".join(request.headers.getall("Sec-WebSocket-Protocol", ()))
        )
        websocket = web.WebSocketResponse(
            protocols=(offered,) if offered else (),
            autoping=False,
            timeout=_CLOSE_S,
            max_msg_size=MAX_MESSAGE_BYTES,
        )
        await websocket.prepare(request)
        if protocol is None:
            # OCPP-J 1.6 section 3.2: finish the handshake without a sub-protocol, then close.
            await websocket.close(code=1002, message=b"No common sub-protocol")
            return websocket
        await self._serve(station, websocket, protocol)
        return websocket

    def _station_for(self, identity: str) -> Station | None:
        """Return who connects with this identity, None if there is no room for one more unknown."""
        name = self._names.get(identity.casefold())
        if name is not None:
            return self._stations[name]
        for waiting, station in self._waiting.items():
            if waiting.casefold() == identity.casefold():
                return station
        if len(self._waiting) >= MAX_PENDING:
            return None
        return self._new_station(StationConfig(identity=identity), accepted=False)

    async def _serve(
        self, station: Station, websocket: web.WebSocketResponse, protocol: str
    ) -> None:
        link = Link(websocket, self._schemas[_VERSIONS[protocol]], station.identity)
        adapter = Adapter16(link, station)
        if (old := self._links.get(station)) is not None:
            self._beside(old.close(1008, "Replaced by a newer connection"))
        self._links[station] = link
        if not station.state.accepted:
            self._waiting[station.identity] = station
        station.connected(adapter, protocol)
        link.spawn(adapter.wait_for_boot())
        link.spawn(link.watch(self._timing.ping_s))
        try:
            await link.serve(adapter.handle)
        finally:
            if self._links.get(station) is link:  # else a newer one took its place
                del self._links[station]
                if self._waiting.get(station.identity) is station:
                    del self._waiting[station.identity]
            station.disconnected(adapter)


def identity_of(raw_path: str) -> str | None:
    """Return the identity at the end of a URL's path, None if there is none that is fit for one.

    The identity is the last part that is not empty, percent-decoded (OCPP-J 1.6 section 3.1.1).
    """
    parts = [part for part in raw_path.partition("?")[0].split("/") if part]
    if not parts:
        return None
    try:
        identity = unquote(parts[-1], errors="strict").strip()
    except UnicodeDecodeError:
        return None
    if not identity or len(identity) > MAX_IDENTITY or not identity.isprintable():
        return None
    return identity


def negotiate(offered: str) -> tuple[str | None, str | None]:
    """Choose the newest sub-protocol of those that a station offers, comma-separated.

    Returns:
        The protocol to speak, None if there is no common one, and how the station wrote it.

    """
    names = [name.strip() for name in offered.split(",") if name.strip()]
    if not names:
        return _DEFAULT, None
    for protocol in _VERSIONS:
        for name in names:
            if name.lower() == protocol:
                return protocol, name
    return None, None
