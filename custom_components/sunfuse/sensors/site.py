"""The sensors of a site."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import EntityCategory, UnitOfElectricCurrent, UnitOfPower
from homeassistant.helpers.typing import StateType

from ..const import MAIN_CIRCUIT
from ..engine.limits.limits import limits_in_force, power_of, tightest
from ..engine.model import CircuitDecision, CircuitState, MeterQuality
from ..entity import SiteEntity
from ..site.outcome import SiteData, phase_current
from ..state_writes import LIMITED_BY_PACE, STATE_PACE, Pace, readable


@dataclass(frozen=True, kw_only=True)
class SiteSensorDescription(SensorEntityDescription):
    """Describes a sensor of a site."""

    value_fn: Callable[[SiteData], StateType]
    attributes_fn: Callable[[SiteData], Mapping[str, Any] | None] = lambda _: None
    without: str | None = None  # the sentence to show if there is no value
    pace: Pace | None = None  # None: by its unit


def site_sensors(phases: int) -> list[SiteSensorDescription]:
    """Return the sensors of a site with this many phases."""
    return [
        *_SITE,
        *(sensor for phase in range(phases) for sensor in _of_phase(phase)),
    ]


def _main(data: SiteData) -> CircuitDecision:
    return next(
        circuit for circuit in data.decision.circuits if circuit.id == MAIN_CIRCUIT
    )


def main_state(data: SiteData) -> str | None:
    """Return the state of the main fuse."""
    return state_of(_main(data))


def state_of(circuit: CircuitDecision) -> str | None:
    """Return the state of a circuit, None while the first reading of its meter is awaited."""
    if circuit.meter is MeterQuality.AWAITED:
        return None
    return circuit.state.value


def _grid_current(data: SiteData, phase: int) -> float | None:
    return phase_current(data.measured(MAIN_CIRCUIT), phase)


def _grid_power_of_phase(data: SiteData, phase: int) -> float | None:
    """Return the power of a phase at the nominal voltage; the meter gave amperes."""
    current_a = _grid_current(data, phase)
    return None if current_a is None else current_a * data.snapshot.site.voltage_v


def _limited_by(data: SiteData) -> str | None:
    """Return the name of the tightest external limit; otherwise the main fuse's if that limits the cars."""
    if (limit := tightest(data.snapshot)) is not None:
        return limit.name
    if state_of(_main(data)) in (None, CircuitState.OK):
        return None
    return next(c.name for c in data.snapshot.circuits if c.id == MAIN_CIRCUIT)


def _limits(data: SiteData) -> Mapping[str, Any]:
    """Return all external limits that apply now."""
    names = {circuit.id: circuit.name for circuit in data.snapshot.circuits}
    return {
        "limits": [
            {
                "name": limit.name,
                "kind": limit.kind.value,
                "current": limit.current_a,
                "power": power_of(limit, data.snapshot),
                "circuit": names.get(limit.circuit or MAIN_CIRCUIT),
                "cars_only": limit.cars_only,
                "until": limit.until,
            }
            for limit in limits_in_force(data.snapshot)
        ]
    }


_SITE: tuple[SiteSensorDescription, ...] = (
    SiteSensorDescription(
        key="state",
        translation_key="state",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in CircuitState],
        value_fn=lambda data: state_of(_main(data)),
        pace=STATE_PACE,
    ),
    SiteSensorDescription(
        key="grid_power",
        translation_key="grid_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda data: data.grid_power_w,
    ),
    SiteSensorDescription(
        key="surplus",
        translation_key="surplus",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda data: data.decision.surplus_w,
    ),
    SiteSensorDescription(
        key="given_power",
        translation_key="given_power",
        device_class=SensorDeviceClass.POWER,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfPower.WATT,
        suggested_display_precision=0,
        value_fn=lambda data: sum(data.decision.given_a) * data.snapshot.site.voltage_v,
    ),
    SiteSensorDescription(
        key="limited_by",
        translation_key="limited_by",
        value_fn=_limited_by,
        without="limited_by_nothing",
        attributes_fn=_limits,
        pace=LIMITED_BY_PACE,
    ),
)


def _of_phase(phase: int) -> tuple[SiteSensorDescription, ...]:
    suffix = f"l{phase + 1}"
    return (
        SiteSensorDescription(
            key=f"grid_current_{suffix}",
            translation_key=f"grid_current_{suffix}",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=1,
            value_fn=lambda data: _grid_current(data, phase),
        ),
        SiteSensorDescription(
            key=f"grid_power_{suffix}",
            translation_key=f"grid_power_{suffix}",
            device_class=SensorDeviceClass.POWER,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfPower.WATT,
            suggested_display_precision=0,
            entity_registry_enabled_default=False,
            value_fn=lambda data: _grid_power_of_phase(data, phase),
        ),
        SiteSensorDescription(
            key=f"headroom_{suffix}",
            translation_key=f"headroom_{suffix}",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=1,
            value_fn=lambda data: _main(data).headroom_a[phase],
        ),
        SiteSensorDescription(
            key=f"given_{suffix}",
            translation_key=f"given_{suffix}",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=1,
            entity_registry_enabled_default=False,
            value_fn=lambda data: data.decision.given_a[phase],
        ),
        SiteSensorDescription(
            key=f"uncontrolled_{suffix}",
            translation_key=f"uncontrolled_{suffix}",
            device_class=SensorDeviceClass.CURRENT,
            state_class=SensorStateClass.MEASUREMENT,
            native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
            suggested_display_precision=1,
            entity_category=EntityCategory.DIAGNOSTIC,
            entity_registry_enabled_default=False,
            value_fn=lambda data: _main(data).uncontrolled_a[phase],
        ),
    )


class SiteSensor(SiteEntity, SensorEntity):
    """A sensor of the site."""

    entity_description: SiteSensorDescription

    @property
    @override
    def pace(self) -> Pace | None:
        """Return its own pace, otherwise that of its unit."""
        return self.entity_description.pace or super().pace

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        description = self.entity_description
        value = description.value_fn(self.coordinator.data)
        if value is None and description.without is not None:
            sentences = self._entry.runtime_data.sentences
            return sentences[description.without]
        return readable(value, self.native_unit_of_measurement)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return additional information."""
        return self.entity_description.attributes_fn(self.coordinator.data)
