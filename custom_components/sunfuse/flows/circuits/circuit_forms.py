"""The fields of a circuit's forms, how they are checked, and what of them is stored."""

from typing import Any

import voluptuous as vol

from homeassistant.components.sensor import SensorDeviceClass
from homeassistant.const import (
    CONF_NAME,
    UnitOfElectricCurrent,
    UnitOfTemperature,
    UnitOfTime,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import BooleanSelector, TextSelector

from ...const import (
    CONF_ASSUMED_LOAD,
    CONF_CHARACTERISTIC,
    CONF_DERATE_FROM,
    CONF_DERATE_STOP,
    CONF_DERATE_TO,
    CONF_LIMIT,
    CONF_MARGIN,
    CONF_METER_MAX_AGE,
    CONF_PARENT,
    CONF_SOURCES,
    CONF_TEMPERATURE,
)
from ...site.circuits import CircuitTree, per_phase_fields
from ...sources.config import CircuitSources
from ..checks import Errors, check_entities, has_meter
from ..form_fields import CHARACTERISTIC, METER, Form, meter_of, number, sensor
from .circuit_choice import circuit_selector

# Whether the form of what most circuits do not need is asked for.
MORE = "more"

_TEMPERATURES = (CONF_DERATE_FROM, CONF_DERATE_TO, CONF_DERATE_STOP)


def circuit_schema(tree: CircuitTree, own: str | None = None) -> vol.Schema:
    """Return the form of a circuit's place and limit."""
    ampere = UnitOfElectricCurrent.AMPERE
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_PARENT): circuit_selector(tree, *([own] if own else [])),
            vol.Required(CONF_LIMIT): number(ampere),
            vol.Required(CONF_MARGIN): number(ampere, step=0.5),
        }
    )


METER_OF_CIRCUIT = vol.Schema(
    {
        **METER,
        vol.Required(CONF_METER_MAX_AGE): number(UnitOfTime.SECONDS, low=1),
        vol.Optional(CONF_ASSUMED_LOAD): number(UnitOfElectricCurrent.AMPERE, step=0.5),
        vol.Required(MORE, default=False): BooleanSelector(),
    }
)


def details_schema(phases: int) -> vol.Schema:
    """Return the form of what most circuits do not need; the main fuse has the same."""
    named = per_phase_fields("fixed", phases)
    if phases > 1:
        named = [*per_phase_fields("limit", phases), *named]
    ampere = number(UnitOfElectricCurrent.AMPERE, step=0.5)
    degrees = number(UnitOfTemperature.CELSIUS, low=-40)
    return vol.Schema(
        {
            **{vol.Optional(field): ampere for field in named},
            vol.Optional(CONF_CHARACTERISTIC): CHARACTERISTIC,
            vol.Optional(CONF_TEMPERATURE): sensor(SensorDeviceClass.TEMPERATURE),
            **{vol.Optional(field): degrees for field in _TEMPERATURES},
        }
    )


def check_details(hass: HomeAssistant, form: Form, limit_a: float) -> Errors:
    """Check what most circuits do not need."""
    errors = check_entities(hass, form, used=())
    known = [form[field] for field in _TEMPERATURES if field in form]
    if form.get(CONF_TEMPERATURE) and len(known) < len(_TEMPERATURES):
        missing = next(field for field in _TEMPERATURES if field not in form)
        errors.setdefault(missing, "temperature_missing")
    elif known and not form.get(CONF_TEMPERATURE):
        errors.setdefault(CONF_TEMPERATURE, "sensor_missing")
    elif known and not known[0] < known[1] <= known[2]:
        errors.setdefault(CONF_DERATE_TO, "temperatures")
    limits_a = [form.get(field, limit_a) for field in per_phase_fields("limit", 3)]
    if not any(limits_a):
        errors.setdefault("limit_l1_a", "fuse")
    return errors


def doubt_limit(form: Form, tree: CircuitTree) -> Errors:
    """Return a doubt about a limit above what feeds the circuit: it would protect nothing."""
    fed_a = max(tree.carried_a(form[CONF_PARENT]))
    return {CONF_LIMIT: "limit_above_feeder"} if form[CONF_LIMIT] > fed_a else {}


def doubt_details(form: Form, circuit: Form, tree: CircuitTree) -> Errors:
    """Return doubts about limits of single phases above both what feeds the circuit and its own limit."""
    fed_a = tree.carried_a(circuit[CONF_PARENT])
    return {
        field: "limit_above_feeder"
        for field, most_a in zip(per_phase_fields("limit", 3), fed_a, strict=False)
        if form.get(field, 0) > max(circuit[CONF_LIMIT], most_a)
    }


def meter_data(form: Form) -> dict[str, Any]:
    """Return what to store of the meter's form: a meter, or the load that is assumed without one."""
    data = {CONF_METER_MAX_AGE: form[CONF_METER_MAX_AGE]}
    meter = meter_of(form) if has_meter(form) else None
    if meter is None and CONF_ASSUMED_LOAD in form:
        data[CONF_ASSUMED_LOAD] = form[CONF_ASSUMED_LOAD]
    return data | {CONF_SOURCES: CircuitSources(meter=meter).to_dict()}


def details_data(form: Form, before: Form) -> dict[str, Any]:
    """Return what to store of the details' form, with the known meter from `before`."""
    sources = CircuitSources.from_dict(before[CONF_SOURCES])
    stored = CircuitSources(
        meter=sources.meter, temperature=form.get(CONF_TEMPERATURE)
    ).to_dict()
    kept = {key: value for key, value in form.items() if key != CONF_TEMPERATURE}
    return kept | {CONF_SOURCES: stored}
