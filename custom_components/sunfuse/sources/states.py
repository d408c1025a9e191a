"""Reads numbers from the states of entities, in known units, and notes what is wrong with them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    STATE_UNAVAILABLE,
    STATE_UNKNOWN,
    UnitOfElectricCurrent,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfTemperature,
)
from homeassistant.core import HomeAssistant, State
from homeassistant.util.unit_conversion import (
    ElectricCurrentConverter,
    EnergyConverter,
    PowerConverter,
    TemperatureConverter,
)

from ..engine.codec import LARGEST
from .counter import Counter


class ProblemKind(StrEnum):
    """Why an entity cannot be used."""

    MISSING = "missing"
    UNAVAILABLE = "unavailable"
    WRONG_UNIT = "wrong_unit"
    NOT_A_NUMBER = "not_a_number"
    TOO_COARSE = "too_coarse"  # it has a value, but too coarse to protect a fuse


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceProblem:
    """An entity that cannot be used, and why."""

    entity_id: str
    kind: ProblemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A number in watts, amperes or percent, and when it was last reported."""

    number: float
    at: datetime


@dataclass(slots=True)
class StateReader:
    """Reads states, and notes what is wrong with them."""

    hass: HomeAssistant
    counters: dict[str, Counter] = field(default_factory=dict)
    problems: list[SourceProblem] = field(default_factory=list)
    reported_at: Callable[[State], datetime] = lambda state: state.last_reported

    def power_w(self, entity_id: str) -> Value | None:
        """Return a power in watts."""
        return self._read(entity_id, as_power_w)

    def flow_w(self, entity_id: str, *, guards: bool = True) -> Value | None:
        """Return a power in watts; of an energy counter, the power that follows from it.

        Only a counter that `guards` a fuse can be too coarse.
        """
        if self._counts(entity_id):
            return self._counted_w(entity_id, guards=guards)
        return self._read(entity_id, as_power_w)

    def energy_wh(self, entity_id: str) -> Value | None:
        """Return the value of an energy counter, in watt-hours."""
        return self._read(entity_id, as_energy_wh)

    def temperature_c(self, entity_id: str) -> Value | None:
        """Return a temperature in degrees Celsius."""
        return self._read(entity_id, as_temperature_c)

    def _counts(self, entity_id: str) -> bool:
        state = self.hass.states.get(entity_id)
        unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None
        return as_energy_wh(0, unit) is not None

    def _counted_w(self, entity_id: str, *, guards: bool = True) -> Value | None:
        if (energy := self._read(entity_id, as_energy_wh)) is None:
            return None
        state = self.hass.states.get(entity_id)
        assert state
        digits = Decimal(state.state).as_tuple().exponent
        unit = state.attributes[ATTR_UNIT_OF_MEASUREMENT]
        resolution_wh = as_energy_wh(10.0 ** int(digits), unit)
        assert resolution_wh is not None
        counter = self.counters.setdefault(entity_id, Counter())
        counter.read(energy.number, resolution_wh, energy.at)
        if guards and counter.is_coarse:
            self._problem(entity_id, ProblemKind.TOO_COARSE)
        if counter.power_w is None or counter.at is None:
            return None
        return Value(number=counter.power_w, at=counter.at)

    def percent(self, entity_id: str) -> Value | None:
        """Return a state of charge in percent."""
        return self._read(entity_id, as_percent)

    def phase(self, entity_id: str, voltage_v: float) -> Value | None:
        """Return a phase's current in amperes, from a current or from a power at the nominal voltage."""
        if self._counts(entity_id):
            counted = self._counted_w(entity_id)
            return counted and Value(number=counted.number / voltage_v, at=counted.at)

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
                return Value(number=converted, at=self.reported_at(state))
            problem = ProblemKind.WRONG_UNIT
        if problem is not None:
            self._problem(entity_id, problem)
        return None

    def _problem(self, entity_id: str, kind: ProblemKind) -> None:
        self.problems.append(SourceProblem(entity_id=entity_id, kind=kind))


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
    if not abs(number) <= LARGEST:
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


def as_energy_wh(number: float, unit: str | None) -> float | None:
    """Return an energy in watt-hours, None if the unit is not one of energy."""
    if unit not in EnergyConverter.VALID_UNITS:
        return None
    return EnergyConverter.convert(number, unit, UnitOfEnergy.WATT_HOUR)


def as_temperature_c(number: float, unit: str | None) -> float | None:
    """Return a temperature in degrees Celsius, None if the unit is not one of temperature."""
    if unit not in TemperatureConverter.VALID_UNITS:
        return None
    return TemperatureConverter.convert(number, unit, UnitOfTemperature.CELSIUS)


def as_percent(number: float, unit: str | None) -> float | None:
    """Return a percentage, None if the unit is another one."""
    return number if unit == PERCENTAGE else None
