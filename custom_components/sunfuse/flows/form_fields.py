"""The fields of the config flows' forms, and what they are converted to."""

from collections.abc import Mapping
from typing import Any, Literal, override

import voluptuous as vol

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    Platform,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfTime,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)

from ..const import (
    CONF_ASSUMED_LOAD,
    CONF_MAIN_FUSE,
    CONF_MARGIN,
    CONF_METER_MAX_AGE,
    CONF_PORT,
    CONF_SYSTEM,
    CONF_VOLTAGE,
    SITE_PHASES,
    WH_PER_KWH,
)
from ..engine.tuning import Characteristic
from ..sources.config import MeterConfig, PowerSource, SourcesConfig

type Form = Mapping[str, Any]  # what a user entered, by field

GRID_POWER = "grid_power"
GRID_INVERTED = "grid_inverted"
GRID_IMPORT = "grid_import"
GRID_EXPORT = "grid_export"
GRID_PHASES = "grid_phases"
GRID_PHASES_INVERTED = "grid_phases_inverted"
GRID_PHASES_EXPORT = "grid_phases_export"
GRID_PHASE_POWERS = "grid_phase_powers"
GRID_UNMETERED = "grid_unmetered"
SOLAR_POWER = "solar_power"
BATTERY_POWER = "battery_power"
BATTERY_INVERTED = "battery_inverted"
BATTERY_DISCHARGE = "battery_discharge"
BATTERY_CHARGE = "battery_charge"
BATTERY_SOC = "battery_soc"
BATTERY_CAPACITY = "battery_capacity_kwh"
PRICE_IMPORT = "price_import"
PRICE_EXPORT = "price_export"


def sensor(
    *device_classes: SensorDeviceClass, multiple: bool = False
) -> EntitySelector:
    """Return the choice of a sensor of one of these classes, or of several sensors."""
    return EntitySelector(
        EntitySelectorConfig(
            filter={
                "domain": Platform.SENSOR,
                "device_class": list(device_classes),
            },
            multiple=multiple,
        )
    )


class NumberBox(NumberSelector):
    """A box for a number that says in the language of the user what is wrong with it.

    The frontend translates what is raised here like any error of a form; Home Assistant's own texts are English. Inside a
    section it does not: there boxes have no bounds, and the form checks the numbers.
    """

    @override
    def __call__(self, data: Any) -> float:
        """Return the number."""
        value: float = vol.Coerce(float)(data)
        if error := _out_of_bounds(value, self.config):
            raise vol.Invalid(error)
        return super().__call__(value)


def _out_of_bounds(value: float, config: Mapping[str, Any]) -> str | None:
    if value < config.get("min", value):
        return "number_too_small"
    if value > config.get("max", value):
        return "number_too_large"
    return None


def number(
    unit: str | None = None,
    *,
    step: float | Literal["any"] = 1,
    low: float | None = 0,
    high: float | None = None,
) -> NumberSelector:
    """Return a box for a number."""
    config = NumberSelectorConfig(step=step, mode=NumberSelectorMode.BOX)
    if unit is not None:
        config["unit_of_measurement"] = unit
    if low is not None:
        config["min"] = low
    if high is not None:
        config["max"] = high
    return NumberBox(config)


def asked(field: str) -> vol.Optional:
    """Return the marker of a question that nobody may answer by chance.

    Home Assistant's frontend chooses the first of the options of a required list. So the field is not marked so, and
    `unanswered` checks it.
    """
    return vol.Optional(field)


def unanswered(form: Mapping[str, Any], *fields: str) -> dict[str, str]:
    """Return the errors of questions that were not answered."""
    return {field: "choose_one" for field in fields if field not in form}


PORT = vol.All(number(high=65535), vol.Coerce(int))
SYSTEM = SelectSelector(
    SelectSelectorConfig(
        options=list(SITE_PHASES),
        translation_key="system",
        mode=SelectSelectorMode.LIST,
    )
)

CHARACTERISTIC = SelectSelector(
    SelectSelectorConfig(
        options=list(Characteristic),
        translation_key="characteristic",
        mode=SelectSelectorMode.DROPDOWN,
    )
)

_POWER = sensor(SensorDeviceClass.POWER)
# An energy counter also gives a power, of one direction.
_FLOW = sensor(SensorDeviceClass.POWER, SensorDeviceClass.ENERGY)
_FLOWS = sensor(SensorDeviceClass.POWER, SensorDeviceClass.ENERGY, multiple=True)
_PHASES = sensor(
    SensorDeviceClass.CURRENT,
    SensorDeviceClass.POWER,
    SensorDeviceClass.ENERGY,
    multiple=True,
)
_PRICE = EntitySelector(
    EntitySelectorConfig(filter={"domain": [Platform.SENSOR, "input_number"]})
)

# A meter, of the grid connection or of a circuit.
METER: dict[vol.Marker, Any] = {
    vol.Optional(GRID_POWER): _POWER,
    vol.Required(GRID_INVERTED, default=False): BooleanSelector(),
    vol.Optional(GRID_IMPORT): _FLOW,
    vol.Optional(GRID_EXPORT): _FLOW,
    vol.Optional(GRID_PHASES): _PHASES,
    vol.Optional(GRID_PHASES_INVERTED): BooleanSelector(),
    vol.Optional(GRID_PHASES_EXPORT): _PHASES,
    vol.Optional(GRID_PHASE_POWERS): sensor(SensorDeviceClass.POWER, multiple=True),
}
GRID = vol.Schema(
    {
        vol.Required(CONF_SYSTEM): SYSTEM,
        **METER,
        vol.Optional(GRID_UNMETERED): BooleanSelector(),
    }
)
SUN = vol.Schema(
    {
        vol.Optional(SOLAR_POWER): _FLOWS,
        vol.Optional(BATTERY_POWER): sensor(SensorDeviceClass.POWER, multiple=True),
        vol.Required(BATTERY_INVERTED, default=False): BooleanSelector(),
        vol.Optional(BATTERY_DISCHARGE): _FLOW,
        vol.Optional(BATTERY_CHARGE): _FLOW,
        vol.Optional(BATTERY_SOC): sensor(SensorDeviceClass.BATTERY),
        vol.Optional(BATTERY_CAPACITY): number(UnitOfEnergy.KILO_WATT_HOUR, step=0.1),
        vol.Optional(PRICE_IMPORT): _PRICE,
        vol.Optional(PRICE_EXPORT): _PRICE,
    }
)
ELECTRICAL = vol.Schema(
    {
        vol.Required(CONF_VOLTAGE): number(UnitOfElectricPotential.VOLT),
        vol.Required(CONF_MAIN_FUSE): number(UnitOfElectricCurrent.AMPERE),
        vol.Required(CONF_MARGIN): number(UnitOfElectricCurrent.AMPERE, step=0.5),
        vol.Required(CONF_PORT): PORT,
    }
)


def electrical_schema(*, metered: bool) -> vol.Schema:
    """Return the form of the main fuse; without a meter the house's load has to be assumed."""
    if metered:
        return ELECTRICAL
    assumed = number(UnitOfElectricCurrent.AMPERE, step=0.5)
    return ELECTRICAL.extend({vol.Required(CONF_ASSUMED_LOAD): assumed})


SIMULATED = vol.Schema({vol.Required(CONF_PORT): PORT})
OPTIONS = vol.Schema(
    {
        vol.Required(CONF_MARGIN): number(UnitOfElectricCurrent.AMPERE, step=0.5),
        vol.Required(CONF_METER_MAX_AGE): number(UnitOfTime.SECONDS, low=1),
    }
)


def grid_form(sources: SourcesConfig) -> dict[str, Any]:
    """Return what the grid's form shows for these sources."""
    return meter_form(sources.meter)


def meter_form(meter: MeterConfig) -> dict[str, Any]:
    """Return what a meter's form shows."""
    power = meter.power or PowerSource()
    return _known(
        {
            GRID_POWER: power.entity,
            GRID_INVERTED: power.inverted,
            GRID_IMPORT: power.positive,
            GRID_EXPORT: power.negative,
            GRID_PHASES: list(meter.phases) or None,
            GRID_PHASES_INVERTED: meter.phases_inverted or None,
            GRID_PHASES_EXPORT: list(meter.phases_export) or None,
            GRID_PHASE_POWERS: list(meter.phase_powers) or None,
        }
    )


def meter_of(form: Mapping[str, Any]) -> MeterConfig:
    """Return the meter that a form describes."""
    return MeterConfig(
        power=_direction(
            form.get(GRID_POWER),
            form[GRID_INVERTED],
            form.get(GRID_IMPORT),
            form.get(GRID_EXPORT),
        ),
        phases=tuple(form.get(GRID_PHASES, ())),
        phases_inverted=form.get(GRID_PHASES_INVERTED, False),
        phases_export=tuple(form.get(GRID_PHASES_EXPORT, ())),
        phase_powers=tuple(form.get(GRID_PHASE_POWERS, ())),
    )


def sun_form(sources: SourcesConfig) -> dict[str, Any]:
    """Return what the form of sun, battery and prices shows for these sources."""
    signed = [source for source in sources.battery if source.entity]
    pair = next(
        (source for source in sources.battery if source.positive), PowerSource()
    )
    capacity_wh = sources.battery_capacity_wh
    return _known(
        {
            SOLAR_POWER: list(sources.solar) or None,
            BATTERY_POWER: [source.entity for source in signed] or None,
            BATTERY_INVERTED: any(source.inverted for source in signed),
            BATTERY_DISCHARGE: pair.positive,
            BATTERY_CHARGE: pair.negative,
            BATTERY_SOC: sources.battery_soc,
            BATTERY_CAPACITY: capacity_wh / WH_PER_KWH if capacity_wh else None,
            PRICE_IMPORT: sources.price_import,
            PRICE_EXPORT: sources.price_export,
        }
    )


def sources_of(
    form: Mapping[str, Any], solar_forecasts: tuple[str, ...]
) -> SourcesConfig:
    """Return the sources that the forms of grid and solar power describe together."""
    capacity_kwh = form.get(BATTERY_CAPACITY)
    meter = meter_of(form)
    return SourcesConfig(
        grid=meter.power,
        grid_phases=meter.phases,
        grid_phases_inverted=meter.phases_inverted,
        grid_phases_export=meter.phases_export,
        grid_phase_powers=meter.phase_powers,
        solar=tuple(form.get(SOLAR_POWER, ())),
        battery=tuple(_batteries(form)),
        battery_soc=form.get(BATTERY_SOC),
        battery_capacity_wh=capacity_kwh * WH_PER_KWH if capacity_kwh else None,
        price_import=form.get(PRICE_IMPORT),
        price_export=form.get(PRICE_EXPORT),
        solar_forecasts=solar_forecasts,
    )


def _batteries(form: Mapping[str, Any]) -> list[PowerSource]:
    sources = [
        PowerSource(entity=entity, inverted=form[BATTERY_INVERTED])
        for entity in form.get(BATTERY_POWER, ())
    ]
    pair = _direction(
        None, False, form.get(BATTERY_DISCHARGE), form.get(BATTERY_CHARGE)
    )
    return [*sources, pair] if pair else sources


def _direction(
    entity: str | None, inverted: bool, positive: str | None, negative: str | None
) -> PowerSource | None:
    if entity:
        return PowerSource(entity=entity, inverted=inverted)
    if positive or negative:
        return PowerSource(positive=positive, negative=negative)
    return None


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}
