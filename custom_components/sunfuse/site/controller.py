"""The loop that connects the rooms: readings to snapshot, snapshot to decision, decision to chargers and entities."""

from collections.abc import Callable
from datetime import datetime, timedelta
import logging
from math import inf
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later
from homeassistant.util import dt as dt_util

from ..central_system import CentralSystem, Station
from ..central_system.protocol.fault import FaultBoundary
from ..central_system.station_state import ConnectorState, StationState
from ..coordinator import SunfuseCoordinator
from ..engine import Memory, decide
from ..engine.clock_change import moved
from ..engine.model import ConnectorDecision, Decision, Snapshot
from ..engine.recording import Recorder
from ..engine.stored_memory import read_memory
from ..sources.live_readings import LiveSource, SiteReadings
from .chargers.chargers import Chargers, States
from .chargers.commands import Command, CommandSender
from .chargers.urgent_changes import AT_ONCE, UrgentChanges
from .entry_data import site_of
from .memory_file import MemoryFile
from .outcome import ConnectorData, ConnectorKey, SiteData
from .settings import Settings
from .situation import Situation, SituationReader
from .tick_guard import TickGuard
from .timekeeper import Timekeeper

_LOGGER = logging.getLogger(__name__)

# Time also matters to the engine: delays end, readings grow old, offers lapse.
LONGEST_PAUSE = timedelta(seconds=5)


class Controller:
    """Runs one site. It contains no policy: all choices are the engine's."""

    def __init__(
        self,
        hass: HomeAssistant,
        entry: ConfigEntry,
        *,
        situations: SituationReader,
        chargers: Chargers,
        central_system: CentralSystem,
        coordinator: SunfuseCoordinator,
        settings: Settings,
        memory_file: MemoryFile,
        timekeeper: Timekeeper,
    ) -> None:
        """Join the parts of a site; `start` starts the loop."""
        self._hass = hass
        self._entry = entry
        self._situations = situations
        self._chargers = chargers
        self._central_system = central_system
        self._coordinator = coordinator
        self._settings = settings
        self._memory_file = memory_file
        self._source: LiveSource | None = None
        self.guard = TickGuard(hass, entry, coordinator)
        self.recorder = Recorder()
        self._recording = FaultBoundary(_LOGGER, "The flight recorder")
        memory = read_memory(memory_file.engine, site_of(entry.data).phases)
        self._memory = _not_ahead(memory, dt_util.utcnow())
        self._timekeeper = timekeeper
        self._commands = CommandSender(hass, entry, central_system.stations)
        self._cancel_next: CALLBACK_TYPE | None = None
        self._next_at_s = inf  # by the event loop's clock
        self._urgent = UrgentChanges()
        self._last_shown: dict[ConnectorKey, ConnectorData] = {}
        self._stops: list[Callable[[], None]] = []

    @callback
    def start(self, source: LiveSource) -> None:
        """Decide from now on whenever something changes, and at least every few seconds."""
        self._source = source
        self._stops = [
            source.start(self.request_tick),
            self._situations.start(self.request_tick),
            self._chargers.start(),
            self._central_system.subscribe(self._station_changed),
        ]
        self.tick()

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which the wall clock was set forward."""
        self._memory = moved(self._memory, by)
        self._commands.clock_was_set(by)
        self.guard.clock_was_set(by)
        if self._source:
            self._source.clock_was_set(by)

    @property
    def memory(self) -> Memory:
        """Return what the engine remembers."""
        return self._memory

    @callback
    def remembered(self) -> dict[str, Any]:
        """Return what the engine remembers, as it is stored."""
        return self._memory.to_dict()

    @callback
    def stop(self) -> None:
        """Stop deciding. The present offers of the chargers lapse to their fail-safe current."""
        for stop in self._stops:
            stop()
        self._stops = []
        self._cancel()

    @callback
    def load_chargers(self) -> None:
        """Load the chargers from the entry's sub-entries."""
        new = self._chargers.load()
        self.tick()
        self._chargers.announce(new)

    @callback
    def request_tick(self) -> None:
        """Decide soon: changes in a burst are decided on together."""
        self._tick_within(AT_ONCE)

    @callback
    def _tick_within(self, pause: timedelta) -> None:
        """Decide after this pause, unless that happens before."""
        at_s = self._hass.loop.time() + pause.total_seconds()
        if at_s >= self._next_at_s or not self._stops:  # not after it was stopped
            return
        self._cancel()
        self._next_at_s = at_s
        self._cancel_next = async_call_later(
            self._hass,
            pause,
            HassJob(
                self._next_due,
                f"Sunfuse tick of {self._entry.title}",
                cancel_on_shutdown=True,
            ),
        )

    @callback
    def _cancel(self) -> None:
        if self._cancel_next:
            self._cancel_next()
        self._cancel_next, self._next_at_s = None, inf

    @callback
    def _next_due(self, _now: datetime) -> None:
        self._cancel_next = None
        self.tick()

    @callback
    def tick(self) -> None:
        """Decide on what is known now; command the chargers, and show the outcome.

        This is the fault boundary of a tick: whatever fails in it, the next one is tried.
        """
        self._cancel()
        self._tick_within(LONGEST_PAUSE)
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
        """Read what is known, decide, send the commands; return what to show."""
        states = self._chargers.states()
        self._urgent.decided(station for station, _ in states.values())
        situation = self._situations.read(
            states,
            self._source.read() if self._source else SiteReadings(),
            self._memory,
            self._commands.unconfirmed_a,
        )
        decision, memory = decide(situation.snapshot, self._memory)
        if self._source:
            # Before there is a meter to read, there is nothing to remember, and nothing to command.
            self._record(situation.snapshot, decision)
            self._remember(memory)
            self._send(states, decision)
        return SiteData(
            snapshot=situation.snapshot,
            decision=decision,
            problems=situation.problems,
            peaks=situation.peaks,
            connectors=self._shown(situation, decision),
        )

    def _record(self, snapshot: Snapshot, decision: Decision) -> None:
        """Pass the decision to the flight recorder, with its whole input."""
        with self._recording:
            self.recorder.add(self._memory, snapshot, decision)

    def _remember(self, memory: Memory) -> None:
        """Continue with this memory, and store it over a restart."""
        self._memory = memory
        self._memory_file.note(memory.lasting())

    def _send(self, states: States, decision: Decision) -> None:
        """Command every charger its offer."""
        stations = self._central_system.stations
        for (key, (_, state)), connector in zip(
            states.items(), decision.connectors, strict=True
        ):
            if self._commands.has_just_got(key, state, connector):
                continue
            with self._commands.alone(key):
                self._send_to(key, stations[key.identity], state, connector)

    def _send_to(
        self,
        key: ConnectorKey,
        station: Station,
        state: ConnectorState,
        connector: ConnectorDecision,
    ) -> None:
        if connector.boost_over:
            self._settings.set_connector(connector.id, boost=None)
        if not station.state.connected:
            return
        # Between the two legs of a split-phase site a charger has one phase.
        phases = min(connector.phases, station.config.phases)
        self._commands.send(
            key,
            Command(
                current_a=connector.offer_a,
                phases=phases,
                again=connector.resend,
                session=state.session,
            ),
        )
        if connector.stop:
            self._commands.stop(key)

    def _shown(
        self, situation: Situation, decision: Decision
    ) -> dict[ConnectorKey, ConnectorData]:
        """Return what to show of every connector: the identical object as before if nothing changed, which entities check first."""
        shown = {}
        for (key, (station, state)), decided in zip(
            situation.states.items(), decision.connectors, strict=True
        ):
            data = ConnectorData(
                key=key,
                station=station,
                connector=state,
                decision=decided,
                settings=self._settings.connector(decided.id),
                holder=situation.holders[key],
                gathered=situation.gathered[key],
            )
            before = self._last_shown.get(key)
            shown[key] = before if before == data else data
        self._last_shown = shown
        return shown

    @callback
    def _station_changed(self, station: StationState) -> None:
        if not station.accepted or self._is_next_at_once:
            return
        if (pause := self._urgent.due_in(station)) is not None:
            self._tick_within(pause)

    @property
    def _is_next_at_once(self) -> bool:
        return self._next_at_s <= self._hass.loop.time() + AT_ONCE.total_seconds()


def _not_ahead(memory: Memory, now: datetime) -> Memory:
    """Return what was stored by a clock that was ahead as if it had been stored now."""
    if memory.at is None or memory.at <= now:
        return memory
    return moved(memory, now - memory.at)
