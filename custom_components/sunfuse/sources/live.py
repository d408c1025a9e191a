"""Reads the site from the entities of other integrations."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
import math

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfElectricCurrent,
    UnitOfPower,
)
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
from homeassistant.util.unit_conversion import ElectricCurrentConverter, PowerConverter

from ..engine.model import BatteryReading, MeterReading, PerPhase, PowerReading
from .config import PowerSource, SourcesConfig


class ProblemKind(StrEnum):
    """Why an entity tells nothing."""

    MISSING = "missing"
    UNAVAILABLE = "unavailable"
    WRONG_UNIT = "wrong_unit"
    NOT_A_NUMBER = "not_a_number"


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProblem:
    """An entity that tells nothing, and why."""

    entity_id: str
    kind: ProblemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteReadings:
    """What the site's entities say now; None where they say nothing."""

    meter: MeterReading | None = None
    solar: PowerReading | None = None
    battery: BatteryReading | None = None
    problems: tuple[SourceProblem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number in watts, amperes or percent, and when it was last reported."""

    number: float
    at: datetime


@dataclass(slots=True)
class _Reader:
    """Reads states, and notes what is wrong with them."""

    hass: HomeAssistant
    problems: list[SourceProblem] = field(default_factory=list)

    def power_w(self, entity_id: str) -> Value | None:
        """Return a power in watts."""
        return self._read(entity_id, as_power_w)

    def percent(self, entity_id: str) -> Value | None:
        """Return a state of charge in percent."""
        return self._read(entity_id, as_percent)

    def phase(self, entity_id: str, voltage_v: float) -> Value | None:
        """Return a phase's current in amperes, from a current or from a power at the nominal voltage."""

        def convert(number: float, unit: str | None) -> float | None:
            if (current_a := as_current_a(number, unit)) is not None:
                return current_a
            power_w = as_power_w(number, unit)
            return None if power_w is None else power_w / voltage_v

        return self._read(entity_id, convert)

    def _read(
        self,
        entity_id: str,
        convert: Callable[[float, str | None], float | None],
    ) -> Value | None:
        problem, state, number = problem_of(self.hass.states.get(entity_id))
        if state is not None and number is not None:
            unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
            converted = convert(number, unit)
            if converted is not None:
                # A meter that reports the same value again is alive.
                return Value(number=converted, at=state.last_reported)
            problem = ProblemKind.WRONG_UNIT
        if problem is not None:
            self.problems.append(SourceProblem(entity_id=entity_id, kind=problem))
        return None


def problem_of(
    state: State | None,
) -> tuple[ProblemKind | None, State | None, float | None]:
    """Return what is wrong with a state, or the state with its number."""
    if state is None:
        return ProblemKind.MISSING, None, None
    if state.state in (STATE_UNAVAILABLE, STATE_UNKNOWN):
        return ProblemKind.UNAVAILABLE, None, None
    try:
        number = float(state.state)
    except ValueError:
        return ProblemKind.NOT_A_NUMBER, None, None
    if not math.isfinite(number):
        return ProblemKind.NOT_A_NUMBER, None, None
    return None, state, number


def as_power_w(number: float, unit: str | None) -> float | None:
    """Return a power in watts, None if the unit is not one of power."""
    if unit not in PowerConverter.VALID_UNITS:
        return None
    return PowerConverter.convert(number, unit, UnitOfPower.WATT)


def as_current_a(number: float, unit: str | None) -> float | None:
    """Return a current in amperes, None if the unit is not one of current."""
    if unit not in ElectricCurrentConverter.VALID_UNITS:
        return None
    return ElectricCurrentConverter.convert(number, unit, UnitOfElectricCurrent.AMPERE)


def as_percent(number: float, unit: str | None) -> float | None:
    """Return a percentage, None if the unit is another one."""
    return number if unit == PERCENTAGE else None


class LiveSource:
    """The site's entities, read together."""

    def __init__(
        self,
        hass: HomeAssistant,
        config: SourcesConfig,
        *,
        phases: int,
        voltage_v: float,
    ) -> None:
        """Read these entities, for a site with so many phases of this nominal voltage."""
        self._hass = hass
        self._config = config
        self._phases = phases
        self._voltage_v = voltage_v

    def start(self, on_change: Callable[[], None]) -> Callable[[], None]:
        """Call `on_change` whenever an entity says something, if it be the same again."""
        entities = self._config.entities

        @callback
        def changed(_event: Event[EventStateChangedData]) -> None:
            on_change()

        @callback
        def reported(_event: Event[EventStateReportedData]) -> None:
            on_change()

        stops = (
            async_track_state_change_event(self._hass, entities, changed),
            async_track_state_report_event(self._hass, entities, reported),
        )

        def stop() -> None:
            for undo in stops:
                undo()

        return stop

    def read(self) -> SiteReadings:
        """Return what the entities say now. A reading is as old as the oldest of its parts."""
        reader = _Reader(self._hass)
        return SiteReadings(
            meter=self._meter(reader),
            solar=self._solar(reader),
            battery=self._battery(reader),
            problems=tuple(reader.problems),
        )

    def _meter(self, reader: _Reader) -> MeterReading | None:
        power = self._direction(reader, self._config.grid)
        phases = [
            reader.phase(entity, self._voltage_v) for entity in self._config.grid_phases
        ]
        currents = [phase for phase in phases if phase is not None]
        current_a: PerPhase | None = None
        if len(currents) == len(phases) == self._phases:
            current_a = tuple(phase.number for phase in currents)
        parts = [*currents, power] if current_a is not None else [power]
        known = [part for part in parts if part is not None]
        if not known:
            return None
        return MeterReading(
            # The total is for the surplus; it is the phases that the fuse protects.
            at=_oldest(currents if current_a is not None else known),
            current_a=current_a,
            power_w=power.number if power else None,
        )

    def _solar(self, reader: _Reader) -> PowerReading | None:
        parts = [reader.power_w(entity) for entity in self._config.solar]
        known = [part for part in parts if part is not None]
        if not known:
            return None
        return PowerReading(
            at=_oldest(known), power_w=sum(part.number for part in known)
        )

    def _battery(self, reader: _Reader) -> BatteryReading | None:
        parts = [self._direction(reader, source) for source in self._config.battery]
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

    def _direction(self, reader: _Reader, source: PowerSource | None) -> Value | None:
        """Return a power with Home Assistant's sign."""
        if source is None:
            return None
        if source.entity is not None:
            value = reader.power_w(source.entity)
            if value is None or not source.inverted:
                return value
            return Value(number=-value.number, at=value.at)
        sides = [
            reader.power_w(entity)
            for entity in (source.positive, source.negative)
            if entity
        ]
        known = [side for side in sides if side is not None]
        if len(known) < len(sides) or not known:
            return None
        net = known[0].number - sum(side.number for side in known[1:])
        return Value(number=net, at=_oldest(known))


def _oldest(values: Iterable[Value]) -> datetime:
    return min(value.at for value in values)
