"""The forms of the engine's tuning: solar power, smoothing, battery, phases, boosts, dimming."""

from collections.abc import Mapping
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import (
    ATTR_UNIT_OF_MEASUREMENT,
    PERCENTAGE,
    UnitOfElectricCurrent,
    UnitOfEnergy,
    UnitOfPower,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    TextSelector,
)

from ...engine.tuning import Tuning
from ...site.battery.battery_orders import SCRIPT
from ...site.battery.battery_values import NUMBERS, is_reserve, may_be_power
from ...site.engine_options import (
    CONF_BATTERY_CAPACITY,
    CONF_BATTERY_DISCHARGE,
    CONF_BATTERY_FIRST,
    CONF_BATTERY_RESERVE,
    CONF_BOOST_DURATION,
    CONF_BOOST_QUOTA,
    CONF_CAR_SHARE,
    CONF_CHARGE_ENTITY,
    CONF_CHARGE_MAX,
    CONF_CHARGE_VALUE,
    CONF_DEAD_BAND,
    CONF_DIMMING_DEVICE,
    CONF_DIMMING_ENTITY,
    CONF_DIMMING_SIMULTANEITY,
    CONF_DISCHARGE_ENTITY,
    CONF_DISCHARGE_VALUE,
    CONF_HOLD,
    CONF_HOLD_ENTITY,
    CONF_HOLD_VALUE,
    CONF_RELEASE_VALUE,
    CONF_SUPPORT,
    CONF_SUPPORT_ABOVE,
    DEFAULT_BOOST_DURATION_MIN,
    DEFAULT_DIMMING_DEVICE_W,
)
from ...sources.dimming_signal import SIGNAL_DOMAINS
from ...sources.states import as_power_w
from ..checks import Errors
from ..form_fields import number

_S, _A, _W = UnitOfTime.SECONDS, UnitOfElectricCurrent.AMPERE, UnitOfPower.WATT
# The domains of entities that can hold a battery.
SWITCHES = frozenset(("switch", "input_boolean"))
SELECTS = frozenset(("select", "input_select"))

SUNSHINE = vol.Schema(
    {
        vol.Optional("start_delay_s"): number(_S, high=3600),
        vol.Optional("stop_delay_s"): number(_S, high=3600),
        vol.Optional("start_export_w"): number(_W, step=10, high=50_000),
        vol.Optional("stop_import_w"): number(_W, step=10, high=50_000),
        vol.Optional("min_on_s"): number(_S, high=7200),
        vol.Optional("min_off_s"): number(_S, high=7200),
        vol.Optional("average_s"): number(_S, high=600),
        vol.Optional("average_down_s"): number(_S, high=600),
        vol.Required("prefer_power"): BooleanSelector(),
        vol.Required("worthwhile_a"): number(_A, step=0.5, low=6, high=80),
    }
)
CALM = vol.Schema(
    {
        vol.Optional(CONF_DEAD_BAND): number(PERCENTAGE, high=50),
        vol.Optional("dead_band_a"): number(_A, step=0.1, high=16),
        vol.Optional("ramp_a_per_s"): number("A/s", step=0.1, low=0.1, high=32),
        # Each step is a message to the charger and a change for the car.
        vol.Required("step_s"): number(_S, low=5, high=300),
        vol.Required("smoothing_s"): number(_S, high=300),
        vol.Required("turn_s"): number(_S, step=60, low=60, high=14_400),
        vol.Required("longest_wait_s"): number(_S, step=60, low=60, high=86_400),
    }
)
# What a plan commands the battery through; a script gets command and power as variables.
_COMMANDED = EntitySelector(
    EntitySelectorConfig(
        filter={"domain": sorted(SWITCHES | SELECTS | NUMBERS | {SCRIPT})}
    )
)
BATTERY = vol.Schema(
    {
        vol.Required(CONF_BATTERY_FIRST): number(PERCENTAGE, high=100),
        vol.Required(CONF_CAR_SHARE): number(PERCENTAGE, high=100),
        vol.Optional(CONF_CHARGE_MAX): number(_W, step=100, high=100_000),
        vol.Optional(CONF_SUPPORT_ABOVE): number(PERCENTAGE, high=100),
        vol.Optional(CONF_SUPPORT): number(_W, step=100, high=100_000),
        vol.Required(CONF_HOLD): BooleanSelector(),
        vol.Optional(CONF_HOLD_ENTITY): _COMMANDED,
        vol.Optional(CONF_HOLD_VALUE): TextSelector(),
        vol.Optional(CONF_RELEASE_VALUE): TextSelector(),
        vol.Optional(CONF_BATTERY_CAPACITY): number(
            UnitOfEnergy.KILO_WATT_HOUR, step=0.1, high=10_000
        ),
        vol.Optional(CONF_BATTERY_DISCHARGE): number(_W, step=100, high=100_000),
        vol.Optional(CONF_BATTERY_RESERVE): number(PERCENTAGE, high=100),
        vol.Optional(CONF_CHARGE_ENTITY): _COMMANDED,
        vol.Optional(CONF_CHARGE_VALUE): TextSelector(),
        vol.Optional(CONF_DISCHARGE_ENTITY): _COMMANDED,
        vol.Optional(CONF_DISCHARGE_VALUE): TextSelector(),
    }
)
PHASES = vol.Schema(
    {
        vol.Optional("to_one_phase_s"): number(_S, high=7200),
        vol.Optional("to_three_phases_s"): number(_S, high=7200),
        vol.Required("switches_per_hour"): number("1/h", high=60),
        vol.Required("switch_pause_s"): number(_S, high=300),
    }
)
BOOSTS = vol.Schema(
    {
        vol.Required(CONF_BOOST_DURATION): number(UnitOfTime.MINUTES, low=1, high=1440),
        vol.Optional(CONF_BOOST_QUOTA): number(
            UnitOfEnergy.KILO_WATT_HOUR, step=0.1, high=10_000
        ),
    }
)
DIMMING = vol.Schema(
    {
        vol.Optional(CONF_DIMMING_ENTITY): EntitySelector(
            EntitySelectorConfig(filter={"domain": sorted(SIGNAL_DOMAINS)})
        ),
        vol.Required(CONF_DIMMING_DEVICE): number(_W, step=100, high=100_000),
        vol.Optional(CONF_DIMMING_SIMULTANEITY): number(
            None, step=0.01, low=0.01, high=1
        ),
    }
)


def tuning_values(entry: ConfigEntry) -> Mapping[str, Any]:
    """Return what the forms show: the user's values, otherwise the defaults."""
    defaults = Tuning()
    fields = {str(f) for s in (SUNSHINE, CALM, PHASES) for f in s.schema}
    return {
        **{
            field: value
            for field in fields
            if (value := getattr(defaults, field, None)) is not None
        },
        CONF_BATTERY_FIRST: 0,
        CONF_CAR_SHARE: 0,
        CONF_HOLD: False,
        CONF_BOOST_DURATION: DEFAULT_BOOST_DURATION_MIN,
        CONF_DIMMING_DEVICE: DEFAULT_DIMMING_DEVICE_W,
        **entry.options,
    }


def check_nothing(
    _entry: ConfigEntry, _form: Mapping[str, Any], _placeholders: dict[str, str]
) -> Errors:
    """Find no errors: the boxes of a form enforce their bounds."""
    return {}


def check_hold(hass: HomeAssistant, form: Mapping[str, Any]) -> Errors:
    """Check that the entities that command the battery accept these values."""
    return {
        **_check_command(
            hass, form, CONF_HOLD_ENTITY, (CONF_HOLD_VALUE, CONF_RELEASE_VALUE)
        ),
        **_check_command(hass, form, CONF_CHARGE_ENTITY, (CONF_CHARGE_VALUE,)),
        **_check_command(hass, form, CONF_DISCHARGE_ENTITY, (CONF_DISCHARGE_VALUE,)),
    }


def _check_command(
    hass: HomeAssistant, form: Mapping[str, Any], entity: str, values: tuple[str, ...]
) -> Errors:
    """Check one command.

    Where no value is given, a number that charges or discharges gets the planned power, and one that holds is a reserve
    in percent, which gets the state of charge.
    """
    errors: Errors = {}
    if (entity_id := form.get(entity)) is None:
        for field in values:
            if field in form:
                errors[field] = "value_without_entity"
        return errors
    domain = entity_id.partition(".")[0]
    if values[0] not in form and domain not in NUMBERS | {SCRIPT}:
        return {values[0]: "value_missing"}
    attributes = _attributes_of(hass, entity_id)
    if attributes is None:
        return {entity: "entity_missing"}
    if domain == SCRIPT:
        return {}
    # One that is not loaded may not tell its unit: `BatteryHold` looks again when it comes.
    if values[0] not in form and attributes:
        unit = attributes.get(ATTR_UNIT_OF_MEASUREMENT)
        holds = entity == CONF_HOLD_ENTITY
        if not (is_reserve(unit) if holds else may_be_power(unit)):
            return {values[0]: "value_missing"}
    for field in values:
        if field in form and not _takes(domain, attributes, form[field]):
            errors[field] = "not_a_value"
    return errors


def _attributes_of(hass: HomeAssistant, entity_id: str) -> Mapping[str, Any] | None:
    """Return the attributes of an entity, those that the registry knows where it is not loaded; None if it does not exist."""
    if (state := hass.states.get(entity_id)) is not None:
        return state.attributes
    if (registered := er.async_get(hass).async_get(entity_id)) is None:
        return None
    known = dict(registered.capabilities or {})
    if registered.unit_of_measurement is not None:
        known[ATTR_UNIT_OF_MEASUREMENT] = registered.unit_of_measurement
    return known


def _takes(domain: str, attributes: Mapping[str, Any], value: str) -> bool:
    """Return whether an entity accepts a value. An unavailable one does not show what it accepts."""
    if domain in SWITCHES:
        return value in ("on", "off")
    if domain in SELECTS:
        options = attributes.get("options")
        return options is None or value in options
    try:
        number_ = float(value)
    except ValueError:
        return False
    low = attributes.get("min", number_)
    return bool(low <= number_ <= attributes.get("max", number_))


def check_dimming(hass: HomeAssistant, form: Mapping[str, Any]) -> Errors:
    """Check that the signal exists; a number of anything but power would be misunderstood."""
    if (entity_id := form.get(CONF_DIMMING_ENTITY)) is None:
        return {}
    state = hass.states.get(entity_id)
    if state is None:
        known = er.async_get(hass).async_get(entity_id) is not None
        return {} if known else {CONF_DIMMING_ENTITY: "entity_missing"}
    unit = state.attributes.get(ATTR_UNIT_OF_MEASUREMENT)
    if unit is not None and as_power_w(0, unit) is None:
        return {CONF_DIMMING_ENTITY: "not_power"}
    return {}
