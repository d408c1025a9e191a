"""Reads a meter from its entities: currents per phase with their signs, or a total power alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from homeassistant.util import dt as dt_util

from ...engine.model import MeterReading, PhaseReport
from ..config import MeterConfig, PowerSource
from ..freshness import Freshness
from ..states import StateReader, Value
from .confirmed_phases import CLEARLY_NEGATIVE_A, SAME_TIME, ConfirmedPhases
from .phase_currents import on_the_site, signed_by_phase, signed_by_total

# Of a phase that has been silent for longer, only the total shows that it lives.
_SILENT = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Phase:
    """A phase's current, and the sensors that it is derived from."""

    name: str
    value: Value | None
    sensors: tuple[tuple[str, Value | None], ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, Value | None], ...]:
        """Return its sensors with their values."""
        return self.sensors or ((self.name, self.value),)

    def turned(self) -> Self:
        """Return the current in the other direction."""
        if self.value is None:
            return self
        return replace(self, value=_turned(self.value), sensors=self.parts)


class MeterEntities:
    """Reads meters, and remembers which have reported a negative current: they have signs of their own."""

    def __init__(
        self,
        confirmed: ConfirmedPhases,
        freshness: Freshness,
        *,
        phases: int,
        voltage_v: float,
    ) -> None:
        """Read the meters of a site with this many phases of this nominal voltage."""
        self._phases = phases
        self._voltage_v = voltage_v
        self._signed: set[tuple[str, ...]] = set()
        self._confirmed = confirmed
        self._freshness = freshness

    def read(
        self, reader: StateReader, meter: MeterConfig, wired: tuple[int, ...]
    ) -> MeterReading | None:
        """Return what a meter measures; `wired` are the phases of the site that it is on."""
        power = direction(reader, meter.power, freshness=self._freshness)
        if not meter.phases or len(meter.phases) != len(wired):
            return self._of_total(reader, meter, power, wired)
        currents = self._currents(reader, meter, power)
        silent = tuple(
            name for phase in currents for name, value in phase.parts if value is None
        )
        known = [phase.value for phase in currents if phase.value is not None]
        numbers = [p.value.number if p.value is not None else None for p in currents]
        unsigned = not (meter.phases_export or meter.phases in self._signed)
        at = confirmed_at = oldest(known or ([power] if power else []))
        total_at = None
        if power is not None and self._confirmed.measures_its_total(meter):
            total_at = power.at
            if not silent:
                confirmed_at = (
                    self._confirmed.confirmed_at(
                        meter,
                        power,
                        known,
                        unsigned=unsigned and not meter.phase_powers,
                        now=dt_util.utcnow(),
                    )
                    or at
                )
        reading = MeterReading(
            # The total is for the surplus; the fuse protects the phases.
            at=max(at, confirmed_at),
            power_w=power.number if power else None,
            total_at=total_at,
            oldest=_oldest_name(part for phase in currents for part in phase.parts),
        )
        if silent:
            return replace(
                reading,
                silent=silent,
                known_a=on_the_site(numbers, wired, self._phases),
                unsigned=unsigned,
                reports=self._reports(currents, wired, confirmed_at),
            )
        return replace(
            reading,
            current_a=on_the_site(
                [value.number for value in known], wired, self._phases
            ),
            unsigned=unsigned,
            reports=self._reports(currents, wired, confirmed_at),
            confirmed=self._confirmed_only(
                reader, meter, currents, wired, confirmed_at
            ),
        )

    def _confirmed_only(
        self,
        reader: StateReader,
        meter: MeterConfig,
        currents: list[_Phase],
        wired: tuple[int, ...],
        confirmed_at: datetime,
    ) -> tuple[bool, ...]:
        """Return the phases that were silent until their total confirmed them: neither current nor power was reported."""
        powers = [reader.power_w(entity) for entity in meter.phase_powers]
        powers += [None] * (len(currents) - len(powers))
        found = [False] * self._phases
        for place, phase, power in zip(wired, currents, powers, strict=False):
            known = [one.at for one in (phase.value, power) if one is not None]
            found[place] = confirmed_at - max(known) > _SILENT
        return tuple(found) if any(found) else ()

    def _reports(
        self, currents: list[_Phase], wired: tuple[int, ...], confirmed_at: datetime
    ) -> tuple[PhaseReport | None, ...]:
        """Return when each phase was reported, and by which sensor."""
        found: list[PhaseReport | None] = [None] * self._phases
        for place, phase in zip(wired, currents, strict=True):
            if phase.value is not None:
                name = _oldest_name(phase.parts) or phase.name
                at = max(phase.value.at, confirmed_at)
                found[place] = PhaseReport(at=at, sensor=name)
        return tuple(found)

    def _of_total(
        self,
        reader: StateReader,
        meter: MeterConfig,
        power: Value | None,
        wired: tuple[int, ...],
    ) -> MeterReading | None:
        """Return the reading of a meter that measures only the total."""
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
        reported = [
            _Phase(name, reader.phase(name, self._voltage_v)) for name in meter.phases
        ]
        if meter.phases_export:
            back = [
                _Phase(name, reader.phase(name, self._voltage_v))
                for name in meter.phases_export
            ]
            return [
                self._both_ways(taken, given)
                for taken, given in zip(reported, back, strict=False)
            ]
        powers = _all(reader.power_w(entity) for entity in meter.phase_powers)
        if powers and meter.phases_inverted:
            powers = [_turned(power) for power in powers]
        known = [phase.value for phase in reported if phase.value is not None]
        if any(value.number < CLEARLY_NEGATIVE_A for value in known):
            self._signed.add(meter.phases)
        signed = meter.phases in self._signed
        # Where something else gives them their sign, it may be silent: turned without it, all load would be export.
        alone = not (meter.phase_powers or meter.power)
        if meter.phases_inverted and (signed or alone):
            return [phase.turned() for phase in reported]
        if signed or len(known) < len(reported):
            # Without one of the phases the total does not give the signs of the others. Without a sign everything is
            # import.
            return reported
        return [
            _Phase(phase.name, value, phase.parts)
            for phase, value in zip(
                reported, self._with_signs(known, powers, total), strict=True
            )
        ]

    def _both_ways(self, taken: _Phase, given: _Phase) -> _Phase:
        """Return a phase's current by the sensors of its two directions."""
        value = None
        if taken.value and given.value:
            value = _net(taken.value, given.value)
            names, values = (taken.name, given.name), (taken.value, given.value)
            _note_resting(self._freshness, names, values)
        return _Phase(taken.name, value, (*taken.parts, *given.parts))

    def _with_signs(
        self, reported: list[Value], powers: list[Value] | None, total: Value | None
    ) -> list[Value]:
        """Return currents without a sign of their own with the signs of the powers, if both are of the same time."""
        currents = [value.number for value in reported]
        newest = max(value.at for value in reported)
        if powers and len(powers) == len(reported):
            at = oldest(powers)
            signed = signed_by_phase(currents, [power.number for power in powers])
        elif total is not None:
            at = total.at
            signed = signed_by_total(currents, total.number, self._voltage_v)
        else:
            return reported
        if newest - at > SAME_TIME:
            return reported
        return [
            Value(number=number, at=value.at)
            for number, value in zip(signed, reported, strict=True)
        ]


def direction(
    reader: StateReader,
    source: PowerSource | None,
    *,
    guards: bool = True,
    freshness: Freshness | None = None,
) -> Value | None:
    """Return a power with Home Assistant's sign; of a meter, note which of its two sensors rests."""
    if source is None:
        return None
    if source.entity is not None:
        value = reader.power_w(source.entity)
        return _turned(value) if value and source.inverted else value
    sides = [
        reader.flow_w(entity, guards=guards)
        for entity in (source.positive, source.negative)
        if entity
    ]
    known = [side for side in sides if side is not None]
    if len(known) < len(sides) or not known:
        return None
    if len(known) == 1:
        return known[0]
    if freshness is not None:
        _note_resting(freshness, source.entities, known)
    return _net(known[0], known[1])


def _turned(value: Value) -> Value:
    return Value(number=-value.number, at=value.at)


def _all(values: Iterable[Value | None]) -> list[Value] | None:
    """Return the values if all of them are known."""
    found = list(values)
    known = [value for value in found if value is not None]
    return known if len(known) == len(found) else None


def _net(taken: Value, given: Value) -> Value:
    """Return import minus export, of two directions of which one is always zero.

    Many meters report a sensor only when it changes. So the side that is zero is as recent as the other side: it
    cannot be anything else while that one flows. While nothing flows, the import side decides.
    """
    if given.number == 0:
        at = taken.at
    elif taken.number == 0:
        at = given.at
    else:
        at = min(taken.at, given.at)
    return Value(number=taken.number - given.number, at=at)


def _note_resting(
    freshness: Freshness, names: Sequence[str], values: Sequence[Value]
) -> None:
    """Note that the direction that is zero is known as long as the other one is reported: see `_net`."""
    taken, given = values
    if given.number == 0:
        freshness.confirmed([names[1]], taken.at)
    elif taken.number == 0:
        freshness.confirmed([names[0]], given.at)


def oldest(values: Iterable[Value]) -> datetime:
    """Return when the oldest of the values was reported."""
    return min((value.at for value in values), default=dt_util.utcnow())


def _oldest_name(parts: Iterable[tuple[str, Value | None]]) -> str | None:
    """Return the sensor whose value is the oldest."""
    known = [(value.at, name) for name, value in parts if value is not None]
    return min(known)[1] if known else None
