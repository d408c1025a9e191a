"""The central system: the port that chargers connect to, and the stations behind it."""

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from datetime import datetime, timedelta
import logging
from ssl import SSLContext
from types import MappingProxyType
from typing import Any

from aiohttp import web

from ..engine.stored_items import Stored
from .adapter import Adapter
from .handshake import Accepted, Handshake, warning_kind
from .protocol.connection_limits import REQUEST_S, LimitedListener
from .protocol.fault import Listeners
from .protocol.frames import Payload
from .protocol.grouped_warnings import GroupedWarnings, http_logger
from .protocol.identity_and_version import VERSIONS
from .protocol.link import Answer, Handler, Link
from .protocol.ocpp_schemas import Schemas, load_all
from .protocol.throttle import Bucket
from .protocol.unfinished_message import UnfinishedMessage
from .security.card_policy import CardPolicy
from .security.certificates import CertificateAuthority
from .session_listeners import SessionListeners
from .session_reports import SessionReports
from .station.clock import date_unreadable, format_time, utcnow
from .station.long_texts import shortened
from .station.quirks import behaviour
from .station.shared_state import SharedState
from .station.station import Station
from .station.stored_state import Memory
from .station.timing import Timing
from .station_state import (
    ConnectorNews,
    FinishedTransaction,
    SessionNews,
    StationConfig,
    StationInfo,
    StationState,
)
from .v2.adapter import Adapter2
from .v16.adapter import Adapter16

_LOGGER = logging.getLogger(__name__)

MAX_PENDING = 32
MAX_PENDING_PER_ADDRESS = 16
# Messages per second, and how many at once: stations send what they stored while offline in one burst.
_RATE = (20.0, 500.0)
_PENDING_RATE = (1.0, 20.0)


class CentralSystem:
    """Hosts charging stations: accepted ones, and those that the user has not accepted yet."""

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
        self._addresses: dict[str, str] = {}  # of pending stations
        self._warnings = GroupedWarnings(_LOGGER)
        self._names: dict[str, str] = {}  # accepted identities, by their folded form
        self._listeners = Listeners[StationState](_LOGGER, "A listener to chargers")
        self._listeners_of: dict[str, Listeners[StationState]] = {}  # by identity
        self._transaction_listeners = Listeners[FinishedTransaction](
            _LOGGER, "A listener to transactions"
        )
        self._session_listeners = SessionListeners()
        self.session_reports = SessionReports()
        self._links: dict[Station, Link] = {}
        self._handshake = Handshake(
            is_accepted=lambda identity: identity.casefold() in self._names,
            station_for=self._station_for,
            link_of=self._links.get,
            timing=self._timing,
            warnings=self._warnings,
        )
        self._schemas: dict[str, Schemas] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self._listener: LimitedListener | None = None
        self._port = 0

    @property
    def port(self) -> int:
        """The port that is listened on; 0 if none is."""
        return self._port

    @property
    def stations(self) -> Mapping[str, Station]:
        """The accepted stations by identity, connected or not."""
        return MappingProxyType(self._stations)

    @property
    def pending(self) -> Mapping[str, StationState]:
        """The stations that are connected and not accepted."""
        return {identity: s.state for identity, s in self._waiting.items()}

    def subscribe(self, listener: Callable[[StationState], None]) -> Callable[[], None]:
        """Call `listener` on every change of any station; returns the function that ends that."""
        return self._listeners.add(listener)

    def subscribe_station(
        self, identity: str, listener: Callable[[StationState], None]
    ) -> Callable[[], None]:
        """Call `listener` on every change of one station; returns the function that ends that."""
        listeners = self._listeners_of.setdefault(
            identity, Listeners[StationState](_LOGGER, "A listener to a charger")
        )
        return listeners.add(listener)

    def _changed(self, state: StationState) -> None:
        self._listeners.call(state)
        if (listeners := self._listeners_of.get(state.identity)) is not None:
            listeners.call(state)

    def subscribe_transactions(
        self, listener: Callable[[FinishedTransaction], None]
    ) -> Callable[[], None]:
        """Call `listener` for every finished transaction, and again when its energy is corrected; returns the function that ends that."""
        return self._transaction_listeners.add(listener)

    def finished_transactions(self) -> Iterator[FinishedTransaction]:
        """Yield what is remembered of the transactions that have ended, with the last corrections."""
        for station in self._stations.values():
            yield from station.sessions.finished()

    def subscribe_sessions(
        self, identity: str, connector: int, listener: Callable[[ConnectorNews], None]
    ) -> Callable[[], None]:
        """Call `listener` when a car comes or leaves at a connector, and when its session starts or ends; returns the function that ends that.

        A new listener is called at once with what happened while there was none.
        """
        return self._session_listeners.add(identity, connector, listener)

    def subscribe_all_sessions(
        self, listener: Callable[[SessionNews], None]
    ) -> Callable[[], None]:
        """Call `listener` on begin and end of each session of any connector; returns what ends that."""
        return self._session_listeners.add_everywhere(listener)

    def clock_was_set(self, by: timedelta) -> None:
        """Shift all stored times by the amount by which our clock was set forward."""
        for station in (*self._stations.values(), *self._waiting.values()):
            station.clock_was_set(by)

    def _handler(self, station: Station, handler: Handler) -> Handler:
        def handle(action: str, payload: Payload) -> Answer:
            self._check_time()
            if date_unreadable(
                payload, lambda: format_time(station.clock.theirs(station.now()))
            ):
                station.counters["unreadable_times"] += 1
            answer = handler(action, payload)
            if not station.state.accepted:
                return answer
            return self.session_reports.taken(station, action, payload, answer)

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
            lingering_time=0,  # a refused request is not read to its end
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
        self._handshake.open()
        self._runner, self._listener = runner, entrance

    async def stop(self) -> None:
        """Close all connections and stop listening."""
        runner, self._runner, self._port = self._runner, None, 0
        await self._handshake.close()
        closing = [link.close(1001, "Going away") for link in self._links.values()]
        await asyncio.gather(*closing, *self._tasks)
        if self._listener is not None:
            await self._listener.close()
            self._listener = None
        if runner is not None:
            await runner.cleanup()
        self._warnings.close()

    def accept(self, config: StationConfig, *memory: Memory | Stored | None) -> None:
        """Accept a station, now or whenever it connects; or apply a changed configuration.

        `memory` is what `Station.memory()` returned before a restart of Home Assistant, in consecutive parts; items that cannot
        be read are noted there and left out.

        Raises:
            ValueError: an override of a quirk does not exist or is invalid.

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
                self._addresses.pop(waiting, None)
            elif memory:
                station.restore(*(Stored.of(part) for part in memory))
            self._stations[name] = station
        station.set_cards(self._cards)
        station.authority = self._authority
        station.accept(config)
        if waiting is not None and station.presence.adapter is not None:
            clock = asyncio.get_running_loop().time
            station.presence.adapter.link.slow_by(Bucket(*_RATE, clock))
            station.presence.adapter.link.spawn(
                station.presence.adapter.onboarding.ask_to_boot()
            )

    def set_cards(self, cards: CardPolicy) -> None:
        """Set who may charge, at every station."""
        self._cards = cards
        for station in self._stations.values():
            station.set_cards(cards)

    def forget_cards(self, cards: frozenset[str]) -> None:
        """Forget that these cards (folded) were held to any station."""
        for station in self._stations.values():
            station.sessions.forget_cards(cards)

    def set_authority(self, authority: CertificateAuthority | None) -> None:
        """Set who signs the certificates of stations; None: nobody."""
        self._authority = authority
        for station in self._stations.values():
            station.authority = authority

    def forget(self, identity: str) -> None:
        """Remove a station; if it is connected, it is disconnected and may come back as pending."""
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
        shared = SharedState(
            config,
            accepted=accepted,
            now=self._now,
            timing=self._timing,
            changed=self._changed,
        )
        return Station(
            shared,
            finished=self._transaction_listeners.call,
            news=self._session_listeners.call,
        )

    async def _connect(self, request: web.Request) -> web.StreamResponse:
        if self._listener is None:
            raise web.HTTPServiceUnavailable
        with self._listener.attend(request.transport) as connection:
            try:
                answer = await self._handshake.answer(request)
                if not isinstance(answer, Accepted):
                    answer.force_close()
                    return answer
                unfinished = UnfinishedMessage()
                if connection is not None:  # it is not closed already
                    connection.served, unfinished = True, connection.unfinished
                await self._serve(answer, request.remote or "", unfinished)
            except ConnectionError:  # the other side is gone
                return _unavailable()
            answer.websocket.force_close()
            return answer.websocket

    def _station_for(self, identity: str, address: str) -> Station | None:
        """Return the station with this identity, None if there is no room for another unknown one."""
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
        self, accepted: Accepted, address: str, unfinished: UnfinishedMessage
    ) -> None:
        station, protocol = accepted.station, accepted.protocol
        clock = asyncio.get_running_loop().time
        rate = _RATE if station.state.accepted else _PENDING_RATE
        link = Link(
            accepted.websocket,
            self._schemas[VERSIONS[protocol]],
            station.identity,
            bucket=Bucket(*rate, clock),
            taken=unfinished.taken,
            record=station.record,
            complain=self._warnings.about(warning_kind("message", station)),
            understood=shortened,
            faults=station.link_faults,
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
        link.spawn(adapter.onboarding.wait_for_boot())
        link.spawn(link.watch(self._timing.ping_s))
        try:
            await link.serve(self._handler(station, adapter.handle))
        finally:
            if (
                self._links.get(station) is link
            ):  # otherwise a newer connection replaced it
                del self._links[station]
                if self._waiting.get(station.identity) is station:
                    del self._waiting[station.identity]
                self._addresses.pop(station.identity, None)
            station.disconnected(adapter)


def _unavailable() -> web.Response:
    response = web.Response(status=503)
    response.force_close()
    return response
