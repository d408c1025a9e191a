"""How often a meter's sensors reported in the last hours, by the recorder, which stores changes alone.

A phase that did not change may have carried the same current all the time. It was not slow if the meter's own total showed that.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from homeassistant.components.recorder.history import state_changes_during_period
from homeassistant.const import ATTR_UNIT_OF_MEASUREMENT
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers.recorder import get_instance

from ..config import MeterConfig
from ..freshness import Freshness, Interval
from ..states import Value, as_current_a, as_power_w, problem_of
from .confirmed_phases import CLEARLY_NEGATIVE_A, ConfirmedPhases

_LOOK_BACK = timedelta(hours=2)


async def async_recorded_intervals(
    hass: HomeAssistant, meter: MeterConfig, voltage_v: float, now: datetime
) -> dict[str, Interval]:
    """Return how often the sensors that protect a fuse reported in the last two hours.

    A sensor changes at most as often as it reports, so these intervals are too long rather than too short.
    """
    if "recorder" not in hass.config.components:
        return {}
    seen = Freshness()
    replay = _Replay(hass, meter, seen, voltage_v)

    def read() -> None:
        states = [
            state
            for entity in replay.entities
            for state in state_changes_during_period(
                hass, now - _LOOK_BACK, now, entity, no_attributes=True
            ).get(entity, [])
        ]
        replay.run(sorted(states, key=lambda state: state.last_updated))

    await get_instance(hass).async_add_executor_job(read)
    found = {entity: seen.of(entity) for entity in meter.fuse_entities}
    return {entity: known for entity, known in found.items() if known is not None}


class _Replay:
    """Notes what a meter's sensors showed as if they did so now."""

    def __init__(
        self, hass: HomeAssistant, meter: MeterConfig, seen: Freshness, voltage_v: float
    ) -> None:
        """Compare the phases with the total, if that is one signed sensor of the same device."""
        self._meter = meter
        self._seen = seen
        self._confirmed = ConfirmedPhases(hass, seen, voltage_v)
        self._factors = _factors(hass, meter, voltage_v)
        if not (self._factors and self._confirmed.measures_its_total(meter)):
            self._factors = {}
        self.entities = tuple(self._factors) or meter.fuse_entities

    def run(self, states: Iterable[State]) -> None:
        """Note states in the order of their time."""
        values: dict[str, Value] = {}
        for state in states:
            name, at = state.entity_id, state.last_updated
            _, _, number = problem_of(state)
            if number is None:
                self._seen.silent(name)
                values.pop(name, None)
                continue
            if name in self._meter.fuse_entities:
                self._seen.reported(name, at)
            values[name] = Value(number=number * self._factors.get(name, 0.0), at=at)
            if self._factors and len(values) == len(self._factors):
                self._compare(values, at)

    def _compare(self, values: Mapping[str, Value], now: datetime) -> None:
        *phases, total = (values[name] for name in self._factors)
        self._confirmed.confirmed_at(
            self._meter,
            total,
            phases,
            unsigned=min(phase.number for phase in phases) >= CLEARLY_NEGATIVE_A,
            now=now,
        )


def _factors(
    hass: HomeAssistant, meter: MeterConfig, voltage_v: float
) -> dict[str, float]:
    """Return what turns the phases into amperes and, last, the total into watts: a factor each. Nothing if one has another unit."""
    total = meter.power.entity if meter.power else None
    if total is None or not meter.phases or meter.phases_export:
        return {}

    def unit(name: str) -> str | None:
        state = hass.states.get(name)
        return state.attributes.get(ATTR_UNIT_OF_MEASUREMENT) if state else None

    sign = -1.0 if meter.phases_inverted else 1.0
    found: dict[str, float | None] = {}
    for name in meter.phases:
        phase_w = as_power_w(sign, unit(name))
        phase_a = as_current_a(sign, unit(name))
        found[name] = phase_w / voltage_v if phase_w is not None else phase_a
    turned = meter.power is not None and meter.power.inverted
    found[total] = as_power_w(-1.0 if turned else 1.0, unit(total))
    known = {name: factor for name, factor in found.items() if factor is not None}
    return known if len(known) == len(meter.phases) + 1 else {}
