"""Reads the site from the entities of other integrations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers.event import (
    async_track_state_change_event,
    async_track_state_report_event,
)
from homeassistant.util import dt as dt_util

from ..engine.clock_change import moved
from ..engine.model import (
    BatteryReading,
    MeterReading,
    PowerReading,
    TemperatureReading,
)
from .config import CircuitSources, MeterConfig, SourcesConfig
from .counter import Counter
from .freshness import Freshness, watch
from .meters.confirmed_phases import ConfirmedPhases
from .meters.meter_entities import MeterEntities, direction, oldest
from .states import SourceProblem, StateReader

# The wall clock is checked at least this often.
_JUST_NOW = timedelta(seconds=6)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReadings:
    """What the site's entities report now; None if they report nothing.

    `meter` is that of the grid connection; `circuit_meters` and `temperatures` are by circuit. The silences are after
    which time without a report a meter that usually reports more often is lost.
    """

    meter: MeterReading | None = None
    circuit_meters: tuple[tuple[str, MeterReading], ...] = ()
    temperatures: tuple[tuple[str, TemperatureReading], ...] = ()
    solar: PowerReading | None = None
    battery: BatteryReading | None = None
    problems: tuple[SourceProblem, ...] = ()
    # Whether the meter, and those of which circuits, have reported all their values since the first reading.
    meter_heard: bool = False
    heard: frozenset[str] = frozenset()
    heard_since: datetime | None = None
    meter_silence_s: float | None = None
    circuit_silences_s: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSource:
    """The sources of a circuit, and the phases of the site that feed it."""

    sources: CircuitSources
    wired: tuple[int, ...]


class LiveSource:
    """The site's entities, read together."""

    def __init__(
        self,
        hass: HomeAssistant,
        config: SourcesConfig,
        *,
        phases: int,
        voltage_v: float,
        circuits: Mapping[str, CircuitSource] | None = None,
        freshness: Freshness | None = None,
    ) -> None:
        """Read these entities, for a site with this many phases of this nominal voltage."""
        self._hass = hass
        self._config = config
        self._phases = phases
        self._circuits = circuits or {}
        self._freshness = freshness or Freshness()
        self._counters: dict[str, Counter] = {}
        # The last report of each entity before the clock was set, and by how much to shift it.
        self._reported: dict[str, tuple[datetime, timedelta]] = {}
        # The reports that are ahead of the clock, and when each was first seen.
        self._ahead: dict[str, tuple[datetime, datetime]] = {}
        self._meters = MeterEntities(
            ConfirmedPhases(hass, self._freshness, voltage_v),
            self._freshness,
            phases=phases,
            voltage_v=voltage_v,
        )
        self._meter_heard = False
        self._heard: set[str] = set()
        self._since: datetime | None = None

    @property
    def entities(self) -> tuple[str, ...]:
        """Return every sensor that is read, of the site and of its circuits."""
        circuits = (
            entity
            for circuit in self._circuits.values()
            for entity in circuit.sources.entities
        )
        return tuple(dict.fromkeys((*self._config.entities, *circuits)))

    def start(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `on_change` whenever an entity reports, even the same value again."""
        entities = self.entities

        @callback
        def changed(_event: Event[EventStateChangedData]) -> None:
            on_change()

        @callback
        def reported(_event: Event[EventStateReportedData]) -> None:
            on_change()

        stops = (
            watch(self._hass, entities, self._freshness),
            async_track_state_change_event(self._hass, entities, changed),
            async_track_state_report_event(self._hass, entities, reported),
        )

        def stop() -> None:
            for undo in stops:
                undo()

        return stop

    @callback
    def clock_was_set(self, by: timedelta) -> None:
        """Shift what the entities reported before the wall clock was set forward by this much."""
        self._counters = moved(self._counters, by)
        self._ahead.clear()
        now = dt_util.utcnow()
        for entity_id in self.entities:
            state = self._hass.states.get(entity_id)
            if state is None or timedelta() <= now - state.last_reported <= _JUST_NOW:
                continue  # reported since
            before, moved_by = self._reported.get(entity_id, (None, timedelta()))
            if before == state.last_reported:
                by_all = moved_by + by
            else:
                by_all = by
            self._reported[entity_id] = (state.last_reported, by_all)

    def _reported_at(self, state: State) -> datetime:
        """Return when a state was reported, by the present setting of the clock.

        One that is ahead of it, as after a start with a clock that was fast, was reported by now, and grows older from now on.
        """
        before, by = self._reported.get(state.entity_id, (None, timedelta()))
        reported, now = state.last_reported, dt_util.utcnow()
        ahead, seen_at = self._ahead.get(state.entity_id, (None, now))
        if reported == ahead:
            return seen_at  # also once the clock has come to its time
        at = reported + by if reported == before else reported
        if at <= now:
            return at
        self._ahead[state.entity_id] = (reported, now)
        return now

    def read(self) -> SiteReadings:
        """Return what the entities report now. A reading is as old as the oldest of its parts."""
        reader = StateReader(self._hass, self._counters, reported_at=self._reported_at)
        every = tuple(range(self._phases))
        main = self._meters.read(reader, self._config.meter, every)
        circuits = tuple(
            (name, reading)
            for name, circuit in self._circuits.items()
            if (meter := circuit.sources.meter) is not None
            and (reading := self._meters.read(reader, meter, circuit.wired)) is not None
        )
        self._since = self._since or dt_util.utcnow()
        self._meter_heard |= main is not None and not main.silent
        self._heard |= {name for name, reading in circuits if not reading.silent}
        return SiteReadings(
            meter=main,
            circuit_meters=circuits,
            meter_heard=self._meter_heard,
            heard=frozenset(self._heard),
            heard_since=self._since,
            temperatures=tuple(
                (name, TemperatureReading(at=value.at, temperature_c=value.number))
                for name, circuit in self._circuits.items()
                if (entity := circuit.sources.temperature) is not None
                and (value := reader.temperature_c(entity)) is not None
            ),
            solar=self._solar(reader),
            battery=self._battery(reader),
            problems=tuple(reader.problems),
            meter_silence_s=self._silence_s(self._config.meter),
            circuit_silences_s=tuple(
                (name, silence_s)
                for name, circuit in self._circuits.items()
                if (meter := circuit.sources.meter) is not None
                and (silence_s := self._silence_s(meter)) is not None
            ),
        )

    def _silence_s(self, meter: MeterConfig) -> float | None:
        """Return after which silence a meter is lost, by the sensors that protect the fuse."""
        return self._freshness.silence_s(meter.fuse_entities)

    def _solar(self, reader: StateReader) -> PowerReading | None:
        parts = [reader.flow_w(one, guards=False) for one in self._config.solar]
        known = [part for part in parts if part is not None]
        if not known:
            return None
        return PowerReading(
            at=oldest(known), power_w=sum(part.number for part in known)
        )

    def _battery(self, reader: StateReader) -> BatteryReading | None:
        parts = [
            direction(reader, source, guards=False) for source in self._config.battery
        ]
        known = [part for part in parts if part is not None]
        soc = (
            reader.percent(self._config.battery_soc)
            if self._config.battery_soc
            else None
        )
        if not known:
            return None
        return BatteryReading(
            at=oldest(known),
            power_w=sum(part.number for part in known),
            soc=soc.number if soc else None,
        )
