"""The port that chargers connect to."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime, timedelta
import logging
from ssl import SSLContext
import time
from types import MappingProxyType
from typing import Any

from aiohttp import web

from ..engine.stored import Stored
from .adapter import Adapter
from .protocol.connection_limits import REQUEST_S, LimitedListener, OpenConnection
from .protocol.delayed_connections import DelayedConnections
from .protocol.fault import Listeners
from .protocol.frames import Payload
from .protocol.grouped_warnings import GroupedWarnings, http_logger
from .protocol.identity_and_version import VERSIONS, identity_of, negotiate
from .protocol.link import Answer, Handler, Link
from .protocol.ocpp_schemas import Schemas, load_all
from .protocol.throttle import Bucket, Throttle
from .security.card_policy import CardPolicy
from .security.certificates import CertificateAuthority
from .security.station_passwords import Proof, certificate_fits, must_prove, proof_of
from .session_listeners import SessionListeners
from .station.clock import utcnow
from .station.long_texts import shortened
from .station.quirks import behaviour
from .station.station import Station
from .station.stored_state import Memory
from .station.timing import Timing
from .station_state import (
    FinishedTransaction,
    SessionNews,
    StationConfig,
    StationInfo,
    StationState,
)
from .v2.adapter import Adapter2
from .v16.adapter import Adapter16

_LOGGER = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 256 * 1024
MAX_PENDING = 32
MAX_PENDING_PER_ADDRESS = 16
# Messages per second, and how many at once: stations flush what they stored while offline.
_RATE = (20.0, 500.0)
_PENDING_RATE = (1.0, 20.0)
_STORM = (0.2, 10.0)  # connections per second, and how many at once
_GUESSES = (
    0.1,
    3.0,
)  # wrong passwords per second, address and identity, and how many at once
_REFUSALS = (1.0, 10.0)  # that listeners hear of per second, and at once
_STORM_WAIT_S = 10.0
_CLOSE_S = 2.0
_TEXT = "This is Sunfuse. Chargers connect here with OCPP over WebSocket.\n"


class CentralSystem:
    """Hosts charging stations: those that the user accepted, and those that wait for it."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = utcnow,
        timing: Timing | None = None,
        check_time: Callable[[], None] = lambda: None,
    ) -> None:
        """Take the time from `now`; `check_time`, called before each message, may call `clock_was_set`."""
        self._check_time = check_time
        self._now = now
        self._timing = timing or Timing()
        self._stations: dict[str, Station] = {}
        self._waiting: dict[str, Station] = {}
        self._cards = CardPolicy()
        self._authority: CertificateAuthority | None = None
        self._addresses: dict[str, str] = {}  # of those that wait
        self._guesses = Throttle(*_GUESSES, time.monotonic)
        self._delayed = DelayedConnections()
        self._storms = Throttle(*_STORM, time.monotonic)
        self._refusals = Throttle(*_REFUSALS, time.monotonic)
        self._warnings = GroupedWarnings(_LOGGER)
        self._names: dict[str, str] = {}  # accepted identities, by their folded form
        self._listeners = Listeners[StationState](_LOGGER, "A listener to chargers")
        self._transaction_listeners = Listeners[FinishedTransaction](
            _LOGGER, "A listener to transactions"
        )
        self._session_listeners = SessionListeners()
        self._links: dict[Station, Link] = {}
        self._schemas: dict[str, Schemas] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._listener: LimitedListener | None = None
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
        return self._listeners.add(listener)

    def subscribe_transactions(
        self, listener: Callable[[FinishedTransaction], None]
    ) -> Callable[[], None]:
        """Call `listener` once for every transaction that is over; returns what ends that."""
        return self._transaction_listeners.add(listener)

    def subscribe_sessions(
        self, identity: str, connector: int, listener: Callable[[SessionNews], None]
    ) -> Callable[[], None]:
        """Call `listener` on begin and end of each session of a connector; returns what ends that.

        A new listener hears at once of what happened while nobody listened.
        """
        return self._session_listeners.add(identity, connector, listener)

    def clock_was_set(self, by: timedelta) -> None:
        """Move all that is remembered of the stations by our clock, which was set forward by so much."""
        for station in (*self._stations.values(), *self._waiting.values()):
            station.clock_was_set(by)

    def _timely(self, handler: Handler) -> Handler:
        def handle(action: str, payload: Payload) -> Answer:
            self._check_time()
            return handler(action, payload)

        return handle

    async def start(
        self, host: str | None, port: int, ssl_context: SSLContext | None = None
    ) -> None:
        """Listen on a port (0: any that is free) of a host (None: all of them), with TLS if a context is given.

        Raises:
            OSError: the port is taken.

        """
        if not self._schemas:
            loop = asyncio.get_running_loop()
            self._schemas = await loop.run_in_executor(None, load_all)
        app = web.Application()
        app.router.add_get("/{path:.*}", self._connect)
        runner = web.AppRunner(
            app,
            access_log=None,
            logger=http_logger(self._warnings, _LOGGER),
            shutdown_timeout=1,
            keepalive_timeout=REQUEST_S,
            lingering_time=0,  # nobody is sent what would have to be read to its end
        )
        await runner.setup()
        assert runner.server is not None
        entrance = LimitedListener(
            runner.server, ssl_context, self._warnings.about("connections")
        )
        try:
            self._port = await entrance.open(host, port)
        except OSError:
            await runner.cleanup()
            raise
        self._delayed.open()
        self._runner, self._listener = runner, entrance

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        runner, self._runner, self._port = self._runner, None, 0
        await self._delayed.close()
        closing = [link.close(1001, "Going away") for link in self._links.values()]
        await asyncio.gather(*closing, *self._tasks)
        if self._listener is not None:
            await self._listener.close()
            self._listener = None
        if runner is not None:
            await runner.cleanup()
        self._warnings.close()

    def accept(self, config: StationConfig, *memory: Memory | Stored | None) -> None:
        """Let a station in, now or whenever it comes; or take in a changed configuration.

        `memory` is what `Station.memory()` returned in an earlier life of Home Assistant, in parts that follow each
        other; what of it cannot be read is noted there and left out.

        Raises:
            ValueError: a quirk is overridden that does not exist, or with what it cannot be.

        """
        behaviour(StationInfo(), config.quirks)
        folded = config.identity.casefold()
        name = self._names.setdefault(folded, config.identity)
        station = self._stations.get(name)
        waiting = next((w for w in self._waiting if w.casefold() == folded), None)
        if station is None:
            station = self._new_station(config, accepted=True)
            if waiting is not None:
                station = self._waiting.pop(waiting)
            elif memory:
                station.restore(*(Stored.of(part) for part in memory))
            self._stations[name] = station
        station.set_cards(self._cards)
        station.authority = self._authority
        station.accept(config)
        if waiting is not None and station.presence.adapter is not None:
            clock = asyncio.get_running_loop().time
            station.presence.adapter.link.slow_by(Bucket(*_RATE, clock))
            station.presence.adapter.link.spawn(station.presence.adapter.ask_to_boot())

    def set_cards(self, cards: CardPolicy) -> None:
        """Say who may charge, at every station."""
        self._cards = cards
        for station in self._stations.values():
            station.set_cards(cards)

    def set_authority(self, authority: CertificateAuthority | None) -> None:
        """Say who signs the certificates of stations; None: nobody."""
        self._authority = authority
        for station in self._stations.values():
            station.authority = authority

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
            changed=self._listeners.call,
            finished=self._transaction_listeners.call,
            session_news=self._session_listeners.call,
        )

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if self._listener is None:
            raise web.HTTPServiceUnavailable
        with self._listener.attend(request.transport) as connection:
            try:
                response = await self._answer(request, connection)
            except ConnectionError:  # whoever asked is gone
                response = web.Response(status=503)
            response.force_close()
            return response

    async def _answer(
        self, request: web.Request, connection: OpenConnection | None
    ) -> web.StreamResponse:
        identity = identity_of(request.rel_url.raw_path)
        if identity is None:
            return web.Response(status=404, text=_TEXT)
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(
                status=426, text=_TEXT, headers={"Upgrade": "websocket"}
            )
        # Storms of reconnects are slowed: whoever comes too often waits for the handshake.
        await self._hold_back(
            self._storms[f"{request.remote} {identity.casefold()}"].take()
        )
        station = self._station_for(identity, request.remote or "")
        if station is None:
            return web.Response(status=503, text="Too many unknown chargers\n")
        guesses = self._guesses[f"{request.remote} {station.identity}"]
        if must_prove(station.config) and guesses.owed() > _STORM_WAIT_S:
            # Who guesses on many connections at once learns nothing: no password is looked at.
            return web.Response(status=429, text="Too many wrong passwords\n")
        proof = self._proof(station, request)
        proven = proof is not Proof.NONE
        if not proven and must_prove(station.config):
            return await self._refuse(station, request, guesses)
        old = self._links.get(station)
        if old is not None and not proven and await old.alive(self._timing.probe_s):
            self._warnings.warn(
                self._kind("second", station), f"A second {identity} tries to connect"
            )
            return web.Response(status=409, text="This charger is connected already\n")
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
        station.proved(proof)
        if connection is not None:
            connection.served = True
        await self._serve(station, websocket, protocol, request.remote or "")
        return websocket

    def _kind(self, what: str, station: Station) -> str:
        """Return the kind of a complaint: a known station has its own, strangers have one together."""
        return f"{what} {station.identity}" if station.state.accepted else what

    def _proof(self, station: Station, request: web.Request) -> Proof:
        """Return by what the other side proves to be the station."""
        config = station.config
        if config.client_certificate:
            transport = request.transport
            peer = transport.get_extra_info("peercert") if transport else None
            fits = peer is not None and certificate_fits(config, peer)
            return Proof.PRESENT if fits else Proof.NONE
        return proof_of(config, request.headers.get("Authorization"))

    async def _refuse(
        self, station: Station, request: web.Request, guesses: Bucket
    ) -> web.StreamResponse:
        """Refuse somebody who is not the station, more slowly each time."""
        address = request.remote or ""
        reports = self._refusals[station.identity]
        if not reports.owed():
            reports.take()
            station.refused(address)
        self._warnings.warn(
            self._kind("password", station),
            f"Somebody at {address} tried to connect as {station.identity} without its password",
        )
        await self._hold_back(guesses.take())
        return web.Response(
            status=401, headers={"WWW-Authenticate": 'Basic realm="OCPP"'}
        )

    async def _hold_back(self, seconds: float) -> None:
        """Let a connection wait, but not beyond the end."""
        await self._delayed.wait(min(seconds, _STORM_WAIT_S))

    def _station_for(self, identity: str, address: str) -> Station | None:
        """Return who connects with this identity, None if there is no room for one more unknown."""
        name = self._names.get(identity.casefold())
        if name is not None:
            return self._stations[name]
        for waiting, station in self._waiting.items():
            if waiting.casefold() == identity.casefold():
                return station
        addresses = list(self._addresses.values())
        if len(addresses) >= MAX_PENDING or (
            addresses.count(address) >= MAX_PENDING_PER_ADDRESS
        ):
            return None
        return self._new_station(StationConfig(identity=identity), accepted=False)

    async def _serve(
        self,
        station: Station,
        websocket: web.WebSocketResponse,
        protocol: str,
        address: str,
    ) -> None:
        clock = asyncio.get_running_loop().time
        rate = _RATE if station.state.accepted else _PENDING_RATE
        link = Link(
            websocket,
            self._schemas[VERSIONS[protocol]],
            station.identity,
            bucket=Bucket(*rate, clock),
            record=station.record,
            complain=self._warnings.about(self._kind("message", station)),
            understood=shortened,
        )
        adapter: Adapter = (
            Adapter16(link, station)
            if link.version == "1.6"
            else Adapter2(link, station)
        )
        if (old := self._links.get(station)) is not None:
            self._beside(old.close(1008, "Replaced by a newer connection"))
        self._links[station] = link
        if not station.state.accepted:
            self._waiting[station.identity] = station
            self._addresses[station.identity] = address
        station.connected(adapter, protocol)
        link.spawn(adapter.wait_for_boot())
        link.spawn(link.watch(self._timing.ping_s))
        try:
            await link.serve(self._timely(adapter.handle))
        finally:
            if self._links.get(station) is link:  # else a newer one took its place
                del self._links[station]
                if self._waiting.get(station.identity) is station:
                    del self._waiting[station.identity]
                self._addresses.pop(station.identity, None)
            station.disconnected(adapter)
