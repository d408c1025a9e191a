"""What stations measure, in one form: watts, watt-hours, amperes, volts, by phase.

OCPP leaves much open (the unit, whether values come by phase, whether there is a total), and stations differ.
Everything that is derived from their values is derived here.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
import math
from typing import Any

from ....engine.clock_change import moved
from ....engine.copies import copy_with
from ...station_state import MeterSample
from .energy_counter import EnergyCounter
from .power_integral import NEAR
from .register_readings import SLACK_WH, SessionReadings
from .sampled_values import (
    ENERGY,
    MOST_WH,
    ByMeasurand,
    Phases,
    Reading,
    by_measurand_of,
    by_phase_of,
    names_unit,
    newest_of,
    phases_of,
    scaled,
    total_at,
)
from .unnamed_unit import UnnamedUnit

_BETWEEN_PHASES = ("L1-L2", "L2-L3", "L3-L1")
# Values beyond these are invalid.
_LIMITS = {"current": 2000.0, "voltage": 1500.0, "power": 2e6, "energy": MOST_WH}
# Chargers report at least each quarter of an hour while a car charges.
_RAREST = timedelta(minutes=15)
_PHASES_MOST = 3  # a station may have more phases than it is configured with


class Meter:
    """The meter of one connector: remembers the newest values; drops impossible ones and counts them."""

    def __init__(
        self, *, phases: int, voltage_v: float, max_a: float, time_factor: float = 1.0
    ) -> None:
        """Measure a connector with this many phases, a nominal voltage to neutral, and a rated current.

        At a simulated station energy flows `time_factor` times faster than the clock.
        """
        self._time_factor = time_factor
        self.configure(phases=phases, voltage_v=voltage_v, max_a=max_a)
        self._sample = MeterSample()
        self._apart = timedelta()  # how far the last live values were from those before
        self._dropped = 0
        self._energy = EnergyCounter(self._most_wh)
        self._unnamed = UnnamedUnit(self._most_wh)

    def configure(self, *, phases: int, voltage_v: float, max_a: float) -> None:
        """Apply a changed configuration of the connector."""
        self._phases = phases
        self._voltage_v = voltage_v
        self._max_w = max(max_a, 32.0) * voltage_v * _PHASES_MOST

    @property
    def sample(self) -> MeterSample:
        """The newest of each measurand."""
        return self._sample

    def take_dropped(self) -> int:
        """Return how many values were dropped since the last call."""
        dropped, self._dropped = self._dropped, 0
        return dropped + self._energy.take_dropped()

    def update(
        self,
        readings: Iterable[Reading],
        at: datetime,
        *,
        live: bool = True,
        session_id: str | None = None,
    ) -> MeterSample:
        """Take in values that were measured together at `at` (our clock) and return the newest of all.

        Values that are not live, or older than the known ones, count for the energy only.
        """
        by_measurand = by_measurand_of(readings)
        energy = total_at(by_measurand, ENERGY, self._phases)
        if energy is not None and not names_unit(by_measurand):
            energy = self._unnamed.in_wh(energy, at)
        if energy is not None and self._possible(energy, "energy"):
            self._energy.read(energy, at, session_id)
            self._show_energy()
        if live and (self._sample.at is None or at >= self._sample.at):
            self._apart = at - (self._sample.at or at)
            self._sample = self._live(by_measurand, at)
            if energy is None and _show_power(by_measurand):
                self._integrate(at)
        return self._sample

    def _integrate(self, at: datetime) -> None:
        """Count the power as energy, in case that the charger reports none."""
        if self._sample.power_w is not None:
            self._energy.flows(self._sample.power_w, at, speed=self._time_factor)
            self._show_energy()

    @property
    def session_wh(self) -> float | None:
        """The energy of the running session; None until it is known."""
        return self._energy.session_wh

    def session_starts(
        self,
        session_id: str,
        register_wh: float | None,
        at: datetime,
        *,
        known: bool = True,
    ) -> None:
        """Note that a session starts; its start is `known` if it was reported."""
        register_wh = self._register(register_wh)
        self._unnamed.started(register_wh, at)
        self._energy.start(session_id, register_wh, at, known=known)
        self._show_energy()

    def session_stops(
        self,
        session_id: str,
        register_wh: float | None,
        started_at: datetime,
        at: datetime,
        start_wh: float | None = None,
    ) -> float | None:
        """Note the end of a session that began at `started_at` by what is known now; returns its energy, None if not known.

        `start_wh` is what its start reported.
        """
        register_wh = self._register(register_wh)
        self._unnamed.ended(register_wh, started_at, at)
        if not self._energy.knows(
            session_id
        ):  # it was stored, but not what was measured
            self.session_starts(session_id, start_wh, started_at)
        if not self._energy.rises(session_id, register_wh) and self._is_recent(at):
            self._integrate(at)  # it flowed until the end
        taken_wh = self._energy.stop(session_id, register_wh, started_at, at)
        self._show_energy()
        return taken_wh

    def booted(self, at: datetime) -> None:
        """Note that the station says that it booted."""
        self._energy.booted(at)

    def taken_wh(self, session_id: str) -> float | None:
        """Return what a session took, by all that is known now; None if that is not known."""
        return self._energy.taken_wh(session_id)

    def _is_recent(self, at: datetime) -> bool:
        """Whether the last values are of shortly before a time: the next ones were not due long ago."""
        known_at = self._sample.at
        if known_at is None:
            return False
        return timedelta() <= at - known_at <= max(NEAR, min(self._apart, _RAREST))

    def clock_was_set(self, by: timedelta) -> None:
        """Shift stored times by the amount by which our clock was set forward."""
        self._sample = moved(self._sample, by)
        self._energy.moved(by)
        self._unnamed.clock_was_set(by)

    def energy_memory(self) -> dict[str, Any]:
        """Return what is remembered of the energy, as plain data."""
        return {**self._energy.to_dict(), "kwh": self._unnamed.kwh}

    def restore_energy(
        self,
        data: dict[str, Any],
        now: datetime,
        finished: Iterable[SessionReadings] = (),
    ) -> MeterSample:
        """Continue from the energy that was known before, and what was stored of `finished` sessions."""
        self._energy.restore(data, now, finished)
        kwh = data.get("kwh")
        self._unnamed = UnnamedUnit(
            self._most_wh, kwh=None if kwh is None else bool(kwh)
        )
        self._show_energy()
        return self._sample

    def _register(self, register_wh: float | None) -> float | None:
        """Return the register at a start or a stop, None if it is impossible."""
        if register_wh is None or not self._possible(register_wh, "energy"):
            return None
        return register_wh if register_wh >= 0 else None

    def _show_energy(self) -> None:
        if self._energy.energy_wh != self._sample.energy_wh:
            self._sample = copy_with(self._sample, energy_wh=self._energy.energy_wh)

    def stopped(self, at: datetime) -> MeterSample:
        """Note that the contactor is open: nothing flows, whatever was measured last."""
        if self._sample.at is not None:
            self._sample = copy_with(
                self._sample,
                at=max(at, self._sample.at),
                current_a=_open(self._sample.current_a),
                power_w=None if self._sample.power_w is None else 0.0,
                offered_a=None,
            )
            self._integrate(self._sample.at or at)
        return self._sample

    def _live(self, readings: ByMeasurand, at: datetime) -> MeterSample:
        voltage = self._merge(
            self._sample.voltage_v, self._voltages(readings), "voltage"
        )
        reported = by_phase_of(readings, "Current.Import")
        powers = by_phase_of(readings, "Power.Active.Import")
        power = total_at(readings, "Power.Active.Import", self._phases)
        current = self._currents(readings, reported, powers, power, voltage)
        if power is None:
            power = self._power(current, voltage)
        if power is not None and not self._possible(power, "power"):
            power = None
        soc = newest_of(readings, "SoC")
        offered = newest_of(readings, "Current.Offered")
        if offered is None:
            by_phase = by_phase_of(readings, "Current.Offered")
            offered = max((a for a in by_phase if a is not None), default=None)
        return copy_with(
            self._sample,
            at=at,
            voltage_v=voltage,
            current_a=self._merge(self._sample.current_a, current, "current"),
            power_w=self._sample.power_w if power is None else power,
            soc=soc if soc is not None and 0 <= soc <= 100 else self._sample.soc,
            offered_a=self._sample.offered_a if offered is None else offered,
            offered_at=self._sample.offered_at if offered is None else at,
        )

    def _currents(
        self,
        readings: ByMeasurand,
        reported: Phases,
        powers: Phases,
        power: float | None,
        voltage: Phases,
    ) -> Phases:
        """Return the current of each phase, derived where it was not reported and only one value is possible."""
        match reported:
            case (float() as first, None, None) if power is not None:
                # Some chargers report one phase of several (Enercab, evcc-io/evcc pull 16523).
                return self._spread(first, power, voltage)
            case (None, None, None):
                pass
            case _:
                return reported
        total = newest_of(readings, "Current.Import")
        if total is None and self._phases == 1:
            # A current in the neutral equals that of the single phase in use (lbbrhzn/ocpp issue 1311).
            total = newest_of(readings, "Current.Import", phase="N")
        if total is not None:
            return self._spread(total, power, voltage)
        if any(value is not None for value in powers):
            pairs = zip(powers, voltage, strict=True)
            return phases_of(
                None if watts is None else watts / (volts or self._voltage_v)
                for watts, volts in pairs
            )
        if power is not None and self._phases == 1:
            return (power / (voltage[0] or self._voltage_v), None, None)
        return (None, None, None)

    def _spread(
        self, current_a: float, power_w: float | None, voltage: Phases
    ) -> Phases:
        """Return on which phases a current flows that is not known by phase: the power shows on how many."""
        if self._phases == 1:
            return (current_a, None, None)
        volts = voltage[0] or self._voltage_v
        if power_w is not None and power_w < 1.5 * volts * current_a:
            return (current_a, 0.0, 0.0)
        return phases_of(
            current_a if phase < self._phases else None for phase in range(3)
        )

    def _power(self, current: Phases, voltage: Phases) -> float | None:
        """Return the power of currents by phase. A car's power factor is close to 1 while it charges."""
        if any(amperes is None for amperes in current[: self._phases]):
            return None
        return sum(
            amperes * (volts or self._voltage_v)
            for amperes, volts in zip(current, voltage, strict=True)
            if amperes is not None
        )

    def _voltages(self, readings: ByMeasurand) -> Phases:
        reported = by_phase_of(readings, "Voltage")
        if any(value is not None for value in reported):
            return reported
        between = [
            scaled(reading)
            for reading in readings.get("Voltage", ())
            if reading.phase in _BETWEEN_PHASES
        ]
        if len(between) == 3 and max(between) - min(between) < 0.05 * max(between):
            star = sum(between) / 3 / math.sqrt(3)
            return (star, star, star)
        total = newest_of(readings, "Voltage")
        if total is None:
            return (None, None, None)
        return phases_of(total if phase < self._phases else None for phase in range(3))

    def _merge(self, known: Phases, new: Phases, quantity: str) -> Phases:
        return phases_of(
            value if value is not None and self._possible(value, quantity) else old
            for old, value in zip(known, new, strict=True)
        )

    def _possible(self, value: float, quantity: str) -> bool:
        if abs(value) <= _LIMITS[quantity]:
            return True
        self._dropped += 1
        return False

    def _most_wh(self, since: datetime, until: datetime) -> float:
        """Return the most energy that the connector can deliver between two times."""
        hours = max((until - since).total_seconds(), 0.0) / 3600
        return self._max_w * self._time_factor * hours * 1.2 + SLACK_WH


def _show_power(readings: ByMeasurand) -> bool:
    return "Power.Active.Import" in readings or "Current.Import" in readings


def _open(current: Phases) -> Phases:
    return phases_of(None if value is None else 0.0 for value in current)
