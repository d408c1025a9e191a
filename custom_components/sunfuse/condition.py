"""The conditions of Sunfuse: how a car, its plan, its charger and the sun are now, for automations made in words."""

from collections.abc import Callable
from typing import Any, ClassVar, override

import voluptuous as vol

from homeassistant.const import CONF_FOR, CONF_OPTIONS, Platform, UnitOfPower
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    ATTR_BEHAVIOR,
    BEHAVIOR_ALL,
    BEHAVIOR_ANY,
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityConditionBase,
)
from homeassistant.util.unit_conversion import PowerConverter

from .automation_targets import WatchedEntity, watched
from .central_system.station_state import CHARGES
from .engine.model import ConnectorStatus, ReasonKey
from .site.cars.readiness import Readiness
from .site.chargers.connector_events import LimitCause, limit_cause
from .trigger import CONF_LIMITED_BY

CONF_POWER = "power"

STATUS = WatchedEntity(domain=Platform.SENSOR, translation_key="status")
REASON = WatchedEntity(domain=Platform.SENSOR, translation_key="reason")
READINESS = WatchedEntity(domain=Platform.SENSOR, translation_key="readiness")
SURPLUS = WatchedEntity(domain=Platform.SENSOR, translation_key="surplus", of_site=True)

_PLUGGED_IN = frozenset(
    (*CHARGES, ConnectorStatus.PREPARING, ConnectorStatus.FINISHING)
)
# A car with one phase begins at 6 A and 230 V.
DEFAULT_POWER_W = 1400.0


def _with(options: dict[vol.Marker, Any]) -> Any:
    """Return the schema of a condition with options of its own."""
    return ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        {
            vol.Required(CONF_OPTIONS, default={}): {
                vol.Required(ATTR_BEHAVIOR, default=BEHAVIOR_ANY): vol.In(
                    [BEHAVIOR_ANY, BEHAVIOR_ALL]
                ),
                vol.Optional(CONF_FOR): cv.positive_time_period,
                **options,
            }
        }
    )


class _SensorCondition(EntityConditionBase):
    """Tests the sensor that shows it."""

    _domain_specs = {Platform.SENSOR: DomainSpec()}
    _watched: ClassVar[WatchedEntity]
    _options: dict[str, Any]

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Remember the options."""
        super().__init__(hass, config)
        self._options = config.options or {}

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the sensors of what is targeted."""
        return watched(self._hass, self._watched, entities)


def _is(what: WatchedEntity, test: Callable[[str], bool]) -> type[Condition]:
    """Return the condition that a sensor shows something."""

    class Is(_SensorCondition):
        _watched = what

        @override
        def is_valid_state(self, entity_state: State) -> bool:
            """Return whether it does."""
            return test(entity_state.state)

    return Is


class _Limited(_SensorCondition):
    """Tests whether a car is limited, by all or some causes."""

    _watched = REASON
    _schema = _with(
        {
            vol.Optional(CONF_LIMITED_BY): vol.All(
                cv.ensure_list, [vol.In([cause.value for cause in LimitCause])]
            )
        }
    )

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether the reason is a limit."""
        if entity_state.state not in ReasonKey:
            return False
        cause = limit_cause(ReasonKey(entity_state.state))
        causes = self._options.get(CONF_LIMITED_BY)
        return cause is not None and (not causes or cause in causes)


class _Surplus(_SensorCondition):
    """Tests whether so much solar power would otherwise be exported."""

    _watched = SURPLUS
    _schema = _with(
        {
            vol.Required(CONF_POWER, default=DEFAULT_POWER_W): vol.All(
                vol.Coerce(float), vol.Range(min=0)
            )
        }
    )

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether there is as much."""
        try:
            surplus = float(entity_state.state)
        except ValueError:
            return False
        # The user may have chosen kW.
        unit = entity_state.attributes.get("unit_of_measurement")
        least_w: float = self._options[CONF_POWER]
        return PowerConverter.convert(surplus, unit, UnitOfPower.WATT) >= least_w


CONDITIONS: dict[str, type[Condition]] = {
    "is_plugged_in": _is(STATUS, lambda state: state in _PLUGGED_IN),
    "is_charging": _is(STATUS, lambda state: state == ConnectorStatus.CHARGING),
    "is_ready_for_departure": _is(READINESS, lambda state: state == Readiness.READY),
    "plan_is_on_track": _is(
        READINESS, lambda state: state in (Readiness.READY, Readiness.ON_TRACK)
    ),
    "has_sun_surplus": _Surplus,
    "is_limited": _Limited,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions."""
    return CONDITIONS
