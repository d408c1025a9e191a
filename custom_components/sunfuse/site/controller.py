"""The loop that joins the rooms: readings to snapshot, snapshot to decision, decision to chargers and entities."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
import logging
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util import dt as dt_util

from ..central_system import CentralSystem
from ..central_system.model import ConnectorState, StationInfo, StationState
from ..central_system.protocol.fault import FaultBoundary
from ..const import CONF_CONNECTORS, CONF_SPEED, SUBENTRY_CHARGER
from ..coordinator import SunfuseCoordinator
from ..data import (
    ConnectorData,
    ConnectorKey,
    SiteData,
    SunfuseConfigEntry,
    identity_of,
)
from ..devices import move_to_connectors, register_stations
from ..engine import Memory, decide
from ..engine.model import (
    Connector,
    ConnectorDecision,
    Decision,
    ExternalLimit,
    MeterReading,
)
from ..engine.moving import move_attributes, moved
from ..engine.recording import Recorder
from ..sources.live import LiveSource
from ..sources.signal import DimmingSignal
from .authorization import Holder
from .circuits import CircuitTree
from .news import ChargerNews
from .offers import Offer, OfferSender
from .peaks import PeakData
from .persistence import Persistence
from .rules import CONF_DIMMING_ENTITY, dimming_limit
from .settings import ConnectorSettings, Settings
from .snapshot import build_snapshot, connector_of, site_of, station_config
from .strangers import Strangers
from .tick_guard import TickGuard
from .timekeeper import Timekeeper
from .tls import host, scheme

_LOGGER = logging.getLogger(__name__)

# Readings come in bursts: an inverter updates its three phases one after the other.
BURST_S = 0.1
# Time passes for the engine too: delays end, readings grow old, offers lapse.
LONGEST_PAUSE = timedelta(seconds=5)


class Controller:
    """Runs one site. It keeps no policy of its own: what is to be chosen, the engine chooses."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: SunfuseConfigEntry,
        *,
        central_system: CentralSystem,
        coordinator: SunfuseCoordinator,
        settings: Settings,
        persistence: Persistence,
        timekeeper: Timekeeper,
    ) -> None:
        """Join the parts of a site; `start` sets them going."""
        self._hass = hass
        self._entry = entry
        self._central_system = central_system
        self._coordinator = coordinator
        self._settings = settings
        self._persistence = persistence
        self._source: LiveSource | None = None
        self._signal = DimmingSignal(hass, entry.options.get(CONF_DIMMING_ENTITY))
        self.guard = TickGuard(hass, entry, coordinator)
        self.recorder = Recorder()
        self._recording = FaultBoundary(_LOGGER, "The flight recorder")
        self._peaking = FaultBoundary(_LOGGER, "Adding up peaks")
        memory = Memory.from_stored(persistence.engine)
        self._memory = _not_ahead(memory, dt_util.utcnow())
        self._timekeeper = timekeeper
        timekeeper.on_jump(self._clock_was_set)
        self._offers = OfferSender(hass, entry, central_system.stations)
        self._pending_tick: CALLBACK_TYPE | None = None
        self._news = ChargerNews()
        self._last_shown: dict[ConnectorKey, ConnectorData] = {}
        self._strangers = Strangers(hass, entry)
        self._chargers: dict[str, Mapping[str, Any]] = {}
        self._stops: list[Callable[[], None]] = []
        self._new_connector_listeners: list[Callable[[list[ConnectorKey]], None]] = []

    @callback
    def start(self, source: LiveSource) -> None:
        """Decide from now on whenever something changes, and at least every few seconds."""
        self._source = source
        self._stops = [
            source.start(self.request_tick),
            self._signal.start(self.request_tick),
            self._persistence.start(self._central_system, self._remembered),
            self._central_system.subscribe(self._station_changed),
            async_track_time_interval(
                self._hass, self._interval_tick, LONGEST_PAUSE, cancel_on_shutdown=True
            ),
        ]
        self.tick()

    @callback
    def _clock_was_set(self, by: timedelta) -> None:
        """Move all that the site remembers by the wall clock, which was set forward by so much."""
        self._memory = moved(self._memory, by)
        self._central_system.clock_was_set(by)
        if self._source:
            self._source.clock_was_set(by)
        data = self._entry.runtime_data
        data.modbus.clock_was_set(by)
        data.peaks.clock_was_set()
        data.observed.freshness.clock_was_set()
        for part in (self._offers, self.guard, data.battery_hold, data.observed):
            move_attributes(part, by)

    @property
    def memory(self) -> Memory:
        """Return what the engine remembers."""
        return self._memory

    def _remembered(self) -> dict[str, Any]:
        return self._memory.to_dict()

    @callback
    def stop(self) -> None:
        """Decide nothing more. What the chargers were offered lapses to their fail-safe current."""
        for stop in self._stops:
            stop()
        self._stops = []
        self._strangers.stop()
        if self._pending_tick:
            self._pending_tick()
            self._pending_tick = None

    @callback
    def load_chargers(self) -> None:
        """Take over the chargers from the entry's sub-entries, as they are now."""
        chargers: dict[str, Mapping[str, Any]] = {
            identity_of(subentry): subentry.data
            for subentry in self._entry.get_subentries_of_type(SUBENTRY_CHARGER)
        }
        site = site_of(self._entry.data)
        for identity in self._chargers.keys() - chargers.keys():
            self._central_system.forget(identity)
            self._entry.async_create_background_task(
                self._hass,
                self._persistence.async_forget(identity),
                f"Sunfuse forgets {identity}",
            )
            self._settings.forget(
                {key.id for key in self.connector_keys() if key.identity == identity}
            )
        for identity, data in chargers.items():
            if self._chargers.get(identity) != data:
                self._central_system.accept(
                    station_config(data, site, self._entry.data.get(CONF_SPEED, 1.0)),
                    *self._persistence.station(identity),
                )
        before = set(self.connector_keys())
        self._chargers = chargers
        for identity in chargers:
            self._strangers.known(identity)
        self.tick()
        if new := [key for key in self.connector_keys() if key not in before]:
            register_stations(self._hass, self._entry)
            move_to_connectors(self._hass, self._entry)
            for listener in self._new_connector_listeners:
                listener(new)

    def connector_keys(self) -> list[ConnectorKey]:
        """Return every connector of every charger of the site."""
        return [
            ConnectorKey(identity=identity, connector=connector)
            for identity, data in self._chargers.items()
            for connector in range(1, data.get(CONF_CONNECTORS, 1) + 1)
        ]

    @callback
    def listen_for_connectors(
        self, listener: Callable[[list[ConnectorKey]], None]
    ) -> Callable[[], None]:
        """Call the listener with connectors that are added while the site runs."""
        self._new_connector_listeners.append(listener)
        return lambda: self._new_connector_listeners.remove(listener)

    @callback
    def request_tick(self) -> None:
        """Decide soon: changes that come in a burst are decided on together."""
        if self._pending_tick is None:
            self._pending_tick = async_call_later(
                self._hass, BURST_S, self._delayed_tick
            )

    @callback
    def _delayed_tick(self, _now: datetime) -> None:
        self._pending_tick = None
        self.tick()

    @callback
    def _interval_tick(self, _now: datetime) -> None:
        self.tick()

    @callback
    def tick(self) -> None:
        """Decide on what is known now; tell the chargers and the entities.

        This is the fault boundary of a tick: whatever fails in it, the next one is tried.
        """
        self._timekeeper.check()
        if self.guard.distrusts_memory:
            self._memory = Memory()
        try:
            data = self._decide()
        except Exception as err:  # noqa: BLE001
            self.guard.failed(err)
            return
        self.guard.worked()
        self._coordinator.async_set_updated_data(data)

    def _decide(self) -> SiteData:
        states = {key: self._state_of(key) for key in self.connector_keys()}
        self._news.decided(station for station, _ in states.values())
        readings = self._source.read() if self._source else None
        dimming, lost_signal = self._signal.read()
        sentences = self._entry.runtime_data.sentences
        now = dt_util.utcnow()
        peaks, peak_limits = self._peaks(now, readings.meter if readings else None)
        snapshot = build_snapshot(
            now=now,
            name=sentences["main_circuit"],
            tree=CircuitTree.of(self._entry),
            settings=self._settings,
            readings=readings,
            connectors=[
                self._connector(key, station, state)
                for key, (station, state) in states.items()
            ],
            limits=(
                *dimming_limit(
                    dimming, self._entry.options, sentences["limit_dimming"]
                ),
                *peak_limits,
            ),
            boost_quotas=self._entry.runtime_data.cards.boost_quotas,
        )
        decision, memory = decide(snapshot, self._memory)
        if self._source:
            # Before there is a meter to read, there is nothing to remember and nothing to tell the chargers.
            with self._recording:
                self.recorder.add(self._memory, snapshot, decision)
            self._memory = memory
            self._persistence.note(memory.lasting())
            self._send(decision)
        by_id = {connector.id: connector for connector in decision.connectors}
        return SiteData(
            snapshot=snapshot,
            decision=decision,
            problems=(
                *(readings.problems if readings else ()),
                *([lost_signal] if lost_signal else []),
            ),
            peaks=peaks,
            connectors={
                key: self._shown(
                    ConnectorData(
                        key=key,
                        station=station,
                        connector=state,
                        decision=by_id[key.id],
                        settings=self._settings.connector(key.id),
                        holder=self._holder(state),
                    )
                )
                for key, (station, state) in states.items()
            },
        )

    def _shown(self, data: ConnectorData) -> ConnectorData:
        """Return what there is to show: the very same as before where nothing changed, which entities see at once."""
        before = self._last_shown.get(data.key)
        if before is None or before != data:
            self._last_shown[data.key] = data
        return self._last_shown[data.key]

    def _peaks(
        self, now: datetime, meter: MeterReading | None
    ) -> tuple[dict[str, PeakData], tuple[ExternalLimit, ...]]:
        """Return what there is to show of peaks, and the limits that they set. Without them the fuse is guarded still."""
        site_peaks = self._entry.runtime_data.peaks
        with self._peaking:
            site_peaks.update(now, meter)
            peaks = site_peaks.data(now)
            return peaks, site_peaks.limits(peaks)
        return {}, ()

    def _state_of(self, key: ConnectorKey) -> tuple[StationState, ConnectorState]:
        station = self._central_system.stations[key.identity].state
        for connector in station.connectors:
            if connector.id == key.connector:
                return station, connector
        return station, ConnectorState(id=key.connector)

    def _connector(
        self, key: ConnectorKey, station: StationState, state: ConnectorState
    ) -> Connector:
        stations = self._central_system.stations
        return connector_of(
            key=key,
            data=self._chargers[key.identity],
            site=site_of(self._entry.data),
            station=station,
            state=state,
            settings=self._settings_of(key, state),
            in_flight_a=self._offers.in_flight_a(key),
            connect_to=self._connect_to(station),
            driver=holder.subentry_id if (holder := self._holder(state)) else None,
            step_a=1.0 if stations[key.identity].behaviour.whole_amperes else 0.1,
        )

    def _connect_to(self, station: StationState) -> str | None:
        """Return where to point a charger that has never connected, None for any other."""
        if station.last_seen is not None or station.info != StationInfo():
            return None
        return (
            f"{scheme(self._entry)}://{host(self._hass)}:{self._central_system.port}"
            f"/{station.identity}"
        )

    def _settings_of(
        self, key: ConnectorKey, state: ConnectorState
    ) -> ConnectorSettings:
        """Return what is set for a connector; the card that charges there brings its priority with it."""
        settings = self._settings.connector(key.id)
        holder = self._holder(state)
        if holder is None or holder.priority is None:
            return settings
        return replace(settings, priority=holder.priority)

    def holder(self, key: ConnectorKey) -> Holder | None:
        """Return whose card charges at a connector, None where that is not known."""
        return self._holder(self._state_of(key)[1])

    def _holder(self, state: ConnectorState) -> Holder | None:
        if state.transaction is None:
            return None
        return self._entry.runtime_data.cards.holder(state.transaction.id_token)

    def _send(self, decision: Decision) -> None:
        keys = {key.id: key for key in self.connector_keys()}
        for connector in decision.connectors:
            key = keys[connector.id]
            with self._offers.alone(key):
                self._send_to(key, connector)

    def _send_to(self, key: ConnectorKey, connector: ConnectorDecision) -> None:
        if connector.boost_over:
            self._settings.set_connector(connector.id, boost=None)
        station = self._central_system.stations[key.identity]
        if not station.state.connected:
            return
        # Between the two legs of a split-phase site a charger has one phase.
        phases = min(connector.phases, station.config.phases)
        self._offers.send(
            key,
            Offer(
                current_a=connector.offer_a,
                phases=phases,
                again=connector.resend,
                session=station.connector(key.connector).session,
            ),
        )
        if connector.stop:
            self._offers.stop(key)

    @callback
    def _station_changed(self, station: StationState) -> None:
        if station.accepted:
            self._learn_connectors(station)
            if self._pending_tick is None and self._news.matter(station):
                self.request_tick()
        else:
            self._strangers.changed(station)

    def _learn_connectors(self, station: StationState) -> None:
        """Remember how many connectors a charger turns out to have: fewer only by its own word."""
        known = self._chargers.get(station.identity, {}).get(CONF_CONNECTORS, 1)
        found = station.said_connectors or max(station.known_connectors or 1, known)
        if found == known:
            return
        for subentry in self._entry.get_subentries_of_type(SUBENTRY_CHARGER):
            if identity_of(subentry) == station.identity:
                self._hass.config_entries.async_update_subentry(
                    self._entry,
                    subentry,
                    data={**subentry.data, CONF_CONNECTORS: found},
                )


def _not_ahead(memory: Memory, now: datetime) -> Memory:
    """Return what was kept by a clock that was ahead as if it had been kept now."""
    if memory.at is None or memory.at <= now:
        return memory
    return moved(memory, now - memory.at)
