"""The sensors of a circuit below the main fuse, and what limits it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.const import UnitOfElectricCurrent, UnitOfPower
from homeassistant.helpers.typing import StateType

from ..engine.model import CircuitDecision, CircuitState, MeterReading, ReasonKey
from ..entity import CircuitEntity
from ..site.circuits import CircuitTree
from ..site.outcome import SiteData, phase_current
from ..state_writes import STATE_PACE, Pace, readable

# What determines a circuit's limit: its fuse, a user's setting, its temperature, or an external limit.
LIMITS = ["fuse", "setting", "temperature", "demand_response", "dimming", "peak"]
_LOWERED = {
    ReasonKey.LIMITED_BY_CIRCUIT: "setting",
    ReasonKey.LIMITED_BY_TEMPERATURE: "temperature",
    ReasonKey.LIMITED_BY_DEMAND_RESPONSE: "demand_response",
    ReasonKey.LIMITED_BY_DIMMING: "dimming",
    ReasonKey.LIMITED_BY_PEAK: "peak",
}


@dataclass(frozen=True, kw_only=True)
class CircuitSensorDescription(SensorEntityDescription):
    """Describes a sensor of a circuit."""

    value_fn: Callable[[CircuitDecision, MeterReading | None], StateType]
    pace: Pace | None = None  # None: by its unit


LIMITED_BY = SensorEntityDescription(
    key="limited_by",
    translation_key="circuit_limited_by",
    device_class=SensorDeviceClass.ENUM,
    options=LIMITS,
)


def _decision_of(data: SiteData, circuit: str) -> CircuitDecision | None:
    """Return the decision on a circuit, None once it is gone."""
    return next((c for c in data.decision.circuits if c.id == circuit), None)


def _limited_by(data: SiteData, tree: CircuitTree, circuit: str) -> str | None:
    """Return what determines a circuit's limit now."""
    if (decision := _decision_of(data, circuit)) is None:
        return None
    if decision.lowered_by is not None:
        return _LOWERED[decision.lowered_by.key]
    set_lower = decision.limit_a != tree.limit_a(circuit)
    return "setting" if set_lower else "fuse"


def _limit_attributes(data: SiteData, circuit: str) -> dict[str, StateType]:
    """Return what lowers a circuit's limit: its value, its source and its end, as far as there is one."""
    decision = _decision_of(data, circuit)
    lowered = decision.lowered_by if decision else None
    return dict(lowered.values) if lowered else {}


def circuit_sensors(tree: CircuitTree, circuit: str) -> list[CircuitSensorDescription]:
    """Return the sensors of a circuit: of the phases that feed it, and of its meter if it has one."""
    metered = tree.sources()[circuit].sources.meter is not None
    wired = tree.wired(circuit)
    return [
        _STATE,
        *([_POWER] if metered else []),
        *(_current(phase) for phase in wired if metered),
        *(sensor for phase in wired for sensor in _of_phase(phase)),
    ]


_STATE = CircuitSensorDescription(
    key="state",
    translation_key="state",
    device_class=SensorDeviceClass.ENUM,
    options=[state.value for state in CircuitState],
    value_fn=lambda decision, _meter: decision.state.value,
    pace=STATE_PACE,
)
_POWER = CircuitSensorDescription(
    key="power",
    device_class=SensorDeviceClass.POWER,
    state_class=SensorStateClass.MEASUREMENT,
    native_unit_of_measurement=UnitOfPower.WATT,
    suggested_display_precision=0,
    value_fn=lambda _decision, meter: meter.power_w if meter else None,
)


def _current(phase: int) -> CircuitSensorDescription:
    return _amperes(
        f"current_l{phase + 1}",
        lambda _decision, meter: phase_current(meter, phase),
    )


def _of_phase(phase: int) -> tuple[CircuitSensorDescription, ...]:
    suffix = f"l{phase + 1}"
    return (
        _amperes(
            f"headroom_{suffix}", lambda decision, _meter: decision.headroom_a[phase]
        ),
        _amperes(
            f"uncontrolled_{suffix}",
            lambda decision, _meter: decision.uncontrolled_a[phase],
            name=f"circuit_uncontrolled_{suffix}",
        ),
    )


def _amperes(
    key: str,
    value_fn: Callable[[CircuitDecision, MeterReading | None], StateType],
    *,
    name: str | None = None,
) -> CircuitSensorDescription:
    return CircuitSensorDescription(
        key=key,
        translation_key=name or key,
        device_class=SensorDeviceClass.CURRENT,
        state_class=SensorStateClass.MEASUREMENT,
        native_unit_of_measurement=UnitOfElectricCurrent.AMPERE,
        suggested_display_precision=1,
        value_fn=value_fn,
    )


class CircuitLimitedBy(CircuitEntity, SensorEntity):
    """What determines the limit of a circuit."""

    @property
    @override
    def native_value(self) -> StateType:
        """Return what determines the limit."""
        tree = CircuitTree.of(self._entry)
        return _limited_by(self.coordinator.data, tree, self.circuit)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return the limit, and who set it until when."""
        return _limit_attributes(self.coordinator.data, self.circuit)


class CircuitSensor(CircuitEntity, SensorEntity):
    """A sensor of a circuit."""

    entity_description: CircuitSensorDescription

    @property
    @override
    def pace(self) -> Pace | None:
        """Return its own pace, otherwise that of its unit."""
        return self.entity_description.pace or super().pace

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value of the last tick."""
        data = self.coordinator.data
        if (decision := _decision_of(data, self.circuit)) is None:
            return None
        meter = data.measured(self.circuit)
        value = self.entity_description.value_fn(decision, meter)
        return readable(value, self.native_unit_of_measurement)
