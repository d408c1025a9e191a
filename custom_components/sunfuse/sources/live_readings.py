"""Reads the site from the entities of other integrations."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

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
from .config import CircuitSources, MeterConfig, PowerSource, SourcesConfig
from .counter import Counter
from .freshness import Freshness, watch
from .phase_currents import on_the_site, signed_by_phase, signed_by_total
from .states import SourceProblem, StateReader, Value

# Values that are told further apart speak of different times, so that one cannot lend the other its sign.
SAME_TIME = timedelta(seconds=5)
# The wall clock is looked at at least so often.
_JUST_NOW = timedelta(seconds=6)
# A meter without signs may be a little below zero when nothing flows.
_CLEARLY_NEGATIVE_A = -0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReadings:
    """What the site's entities say now; None where they say nothing.

    `meter` is that of the grid connection; `circuit_meters` and `temperatures` are by circuit. The silences are after
    how long a meter that is known to speak more often has fallen silent.
    """

    meter: MeterReading | None = None
    circuit_meters: tuple[tuple[str, MeterReading], ...] = ()
    temperatures: tuple[tuple[str, TemperatureReading], ...] = ()
    solar: PowerReading | None = None
    battery: BatteryReading | None = None
    problems: tuple[SourceProblem, ...] = ()
    # Whether the meter, and those of which circuits, have told all that they tell, since this was first asked for.
    meter_heard: bool = False
    heard: frozenset[str] = frozenset()
    heard_since: datetime | None = None
    meter_silence_s: float | None = None
    circuit_silences_s: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSource:
    """What a circuit is read from, and the phases of the site that it is fed from."""

    sources: CircuitSources
    wired: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Phase:
    """A phase's current, and the sensors that it is made of."""

    name: str
    value: Value | None
    sensors: tuple[tuple[str, Value | None], ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, Value | None], ...]:
        """Return its sensors with what each tells."""
        return self.sensors or ((self.name, self.value),)

    def turned(self) -> Self:
        """Return the current in the other direction."""
        if self.value is None:
            return self
        value = Value(number=-self.value.number, at=self.value.at)
        return replace(self, value=value, sensors=self.parts)


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
        """Read these entities, for a site with so many phases of this nominal voltage."""
        self._hass = hass
        self._config = config
        self._phases = phases
        self._voltage_v = voltage_v
        self._circuits = circuits or {}
        self._freshness = freshness or Freshness()
        self._counters: dict[str, Counter] = {}
        # What each entity reported before the clock was set: the instant, and by how much it has to be moved.
        self._reported: dict[str, tuple[datetime, timedelta]] = {}
        self._signed: set[tuple[str, ...]] = set()  # meters that told a negative one
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
        """Call `on_change` whenever an entity says something, if it be the same again."""
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
        """Move what the entities reported before the wall clock was set forward by so much."""
        self._counters = moved(self._counters, by)
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
        """Return when a state was reported, by the clock as it is set now."""
        before, by = self._reported.get(state.entity_id, (None, timedelta()))
        at = state.last_reported
        return at + by if at == before else at

    def read(self) -> SiteReadings:
        """Return what the entities say now. A reading is as old as the oldest of its parts."""
        reader = StateReader(self._hass, self._counters, reported_at=self._reported_at)
        every = tuple(range(self._phases))
        main = self._meter(reader, self._config.meter, every)
        circuits = tuple(
            (name, reading)
            for name, circuit in self._circuits.items()
            if (meter := circuit.sources.meter) is not None
            and (reading := self._meter(reader, meter, circuit.wired)) is not None
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

    def _meter(
        self, reader: StateReader, meter: MeterConfig, wired: tuple[int, ...]
    ) -> MeterReading | None:
        power = self._direction(reader, meter.power)
        if not meter.phases or len(meter.phases) != len(wired):
            return self._of_total(reader, meter, power, wired)
        currents = self._currents(reader, meter, power)
        silent = tuple(
            name for phase in currents for name, value in phase.parts if value is None
        )
        known = [phase.value for phase in currents if phase.value is not None]
        numbers = [p.value.number if p.value is not None else None for p in currents]
        reading = MeterReading(
            # The total is for the surplus; it is the phases that the fuse protects.
            at=_oldest(known or ([power] if power else [])),
            power_w=power.number if power else None,
            oldest=_oldest_name(part for phase in currents for part in phase.parts),
        )
        if silent:
            return replace(
                reading,
                silent=silent,
                known_a=on_the_site(numbers, wired, self._phases),
            )
        return replace(
            reading,
            current_a=on_the_site(
                [value.number for value in known], wired, self._phases
            ),
        )

    def _of_total(
        self,
        reader: StateReader,
        meter: MeterConfig,
        power: Value | None,
        wired: tuple[int, ...],
    ) -> MeterReading | None:
        """Return what a meter of the total alone tells."""
        if meter.power is None:
            return None
        if power is None:
            troubled = {problem.entity_id for problem in reader.problems}
            named = meter.power.entities
            silent = tuple(name for name in named if name in troubled) or named
            return MeterReading(at=dt_util.utcnow(), silent=silent)
        first = meter.power.entities[0]
        if len(wired) == self._phases:
            return MeterReading(at=power.at, power_w=power.number, oldest=first)
        # All of it may be on any one of the phases that feed the circuit.
        current_a = [power.number / self._voltage_v] * len(wired)
        return MeterReading(
            at=power.at,
            current_a=on_the_site(current_a, wired, self._phases),
            power_w=power.number,
            oldest=first,
        )

    def _currents(
        self, reader: StateReader, meter: MeterConfig, total: Value | None
    ) -> list[_Phase]:
        """Return the current of each phase with its sign."""
        told = [
            _Phase(name, reader.phase(name, self._voltage_v)) for name in meter.phases
        ]
        if meter.phases_export:
            back = [
                _Phase(name, reader.phase(name, self._voltage_v))
                for name in meter.phases_export
            ]
            return [
                _Phase(
                    taken.name,
                    _net(taken.value, given.value)
                    if taken.value and given.value
                    else None,
                    (*taken.parts, *given.parts),
                )
                for taken, given in zip(told, back, strict=False)
            ]
        powers = _all(reader.power_w(entity) for entity in meter.phase_powers)
        known = [phase.value for phase in told if phase.value is not None]
        if any(value.number < _CLEARLY_NEGATIVE_A for value in known):
            self._signed.add(meter.phases)
        signed = meter.phases in self._signed
        if meter.phases_inverted and (signed or not (powers or total)):
            return [phase.turned() for phase in told]
        if signed or len(known) < len(told):
            # Without one phase the total does not tell the signs of the others. Without a sign all is import.
            return told
        return [
            _Phase(phase.name, value, phase.parts)
            for phase, value in zip(
                told, self._with_signs(known, powers, total), strict=True
            )
        ]

    def _with_signs(
        self, told: list[Value], powers: list[Value] | None, total: Value | None
    ) -> list[Value]:
        """Return currents that have no sign of their own with that of the powers, as far as these speak of the same time."""
        currents = [value.number for value in told]
        newest = max(value.at for value in told)
        if powers and len(powers) == len(told):
            at = _oldest(powers)
            signed = signed_by_phase(currents, [power.number for power in powers])
        elif total is not None:
            at = total.at
            signed = signed_by_total(currents, total.number, self._voltage_v)
        else:
            return told
        if newest - at > SAME_TIME:
            return told
        return [
            Value(number=number, at=value.at)
            for number, value in zip(signed, told, strict=True)
        ]

    def _solar(self, reader: StateReader) -> PowerReading | None:
        parts = [reader.flow_w(one, guards=False) for one in self._config.solar]
        known = [part for part in parts if part is not None]
        if not known:
            return None
        return PowerReading(
            at=_oldest(known), power_w=sum(part.number for part in known)
        )

    def _battery(self, reader: StateReader) -> BatteryReading | None:
        parts = [
            self._direction(reader, source, guards=False)
            for source in self._config.battery
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
            at=_oldest(known),
            power_w=sum(part.number for part in known),
            soc=soc.number if soc else None,
        )

    def _direction(
        self, reader: StateReader, source: PowerSource | None, *, guards: bool = True
    ) -> Value | None:
        """Return a power with Home Assistant's sign."""
        if source is None:
            return None
        if source.entity is not None:
            value = reader.power_w(source.entity)
            if value is None or not source.inverted:
                return value
            return Value(number=-value.number, at=value.at)
        sides = [
            reader.flow_w(entity, guards=guards)
            for entity in (source.positive, source.negative)
            if entity
        ]
        known = [side for side in sides if side is not None]
        if len(known) < len(sides) or not known:
            return None
        return _net(known[0], known[1]) if len(known) > 1 else known[0]


def _all(values: Iterable[Value | None]) -> list[Value] | None:
    """Return the values if all of them are known."""
    found = list(values)
    known = [value for value in found if value is not None]
    return known if len(known) == len(found) else None


def _net(taken: Value, given: Value) -> Value:
    """Return what is taken less what is given back, of two directions of which one is always zero.

    Many a meter tells a sensor only when it changes. So the side that stands at zero is as new as the other side: it
    could not be anything else while that one flows. While nothing flows, it is the news of what is taken that count.
    """
    if given.number == 0:
        at = taken.at
    elif taken.number == 0:
        at = given.at
    else:
        at = min(taken.at, given.at)
    return Value(number=taken.number - given.number, at=at)


def _oldest(values: Iterable[Value]) -> datetime:
    return min((value.at for value in values), default=dt_util.utcnow())


def _oldest_name(parts: Iterable[tuple[str, Value | None]]) -> str | None:
    """Return the sensor whose value is the oldest."""
    known = [(value.at, name) for name, value in parts if value is not None]
    return min(known)[1] if known else None
